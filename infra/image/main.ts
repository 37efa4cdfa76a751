import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { type Bundle, bundle, repositoryRoot } from './bundle.ts'
import { type BundledService, bundlePlans, functionsPlan } from './plan.ts'
import { zipFolder } from './zip.ts'

const help = `Bundles services for their images, and the functions into one zip named by its hash.

  npm run build:services [-- NAME...] [--out DIR] [--json]

  NAME     ${[...Object.keys(bundlePlans), 'functions'].join(', ')}; default: all
  --out    folder that gets one folder per service (dist)
  --json   last line of stdout is the result as JSON

Examples
  npm run build:services
  npm run build:services -- executor functions --json`

const names = [...Object.keys(bundlePlans), 'functions']

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: {
      out: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const known = ['out', 'json', 'help']
  for (const token of tokens)
    if (token.kind === 'option' && !known.includes(token.name))
      throw unknown(`unknown option ${token.rawName}`, token.name, known, '--')
  if (values.help) {
    console.log(help)
    return 0
  }
  const wanted = positionals.length > 0 ? positionals : names
  for (const name of wanted)
    if (!names.includes(name)) throw unknown(`nothing is called '${name}'`, name, names, '')
  const out = join(repositoryRoot, (values.out as string | undefined) ?? 'dist')
  const built: (Bundle & { zip?: string; sha256?: string })[] = []
  for (const name of wanted) {
    const one = name === 'functions' ? await buildFunctions(out) : await buildService(name, out)
    built.push(one)
    console.error(
      `${name.padEnd(14)} boots from ${kilobytes(one.bootBytes)}, ${kilobytes(one.totalBytes)} in all`,
    )
  }
  if (values.json) console.log(JSON.stringify(built))
  return 0
}

const buildService = (name: string, out: string): Promise<Bundle> =>
  bundle({
    root: repositoryRoot,
    name,
    plan: bundlePlans[name as BundledService],
    folder: join(out, name),
  })

/** Leaves exactly one zip, so that whoever deploys takes the newest without asking. */
async function buildFunctions(out: string): Promise<Bundle & { zip: string; sha256: string }> {
  const folder = join(out, 'functions')
  const built = await bundle({
    root: repositoryRoot,
    name: 'functions',
    plan: functionsPlan,
    folder,
    withSourceMaps: false,
  })
  const { bytes, sha256 } = zipFolder(folder)
  await mkdir(out, { recursive: true })
  for (const old of await readdir(out))
    if (/^functions-[0-9a-f]{64}\.zip$/.test(old)) await rm(join(out, old))
  const zip = join(out, `functions-${sha256}.zip`)
  await writeFile(zip, bytes)
  return { ...built, zip, sha256 }
}

function unknown(what: string, given: string, all: readonly string[], prefix: string) {
  const closest = suggest(given, all)
  const hint = closest ? `did you mean ${prefix}${closest}?` : 'see --help'
  return new TradingError('OPTION_INVALID', `${what}; ${hint}`)
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof TradingError)) throw error
  console.error(`build: ${error.message}`)
  process.exitCode = error.remedy === 'reject-input' ? 2 : 1
}
