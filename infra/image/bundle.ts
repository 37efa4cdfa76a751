import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { TradingError } from '#shared/kernel/error.ts'
import { lockSubset, type PackageLock } from './lock.ts'
import { namedExports } from './named-exports.ts'
import { type BundlePlan, externalPackages } from './plan.ts'

export type Bundle = {
  readonly name: string
  readonly folder: string
  /** Of the entry and what it imports at once: what is read before the first line runs. */
  readonly bootBytes: number
  /** Of everything but source maps. */
  readonly totalBytes: number
}

export type BundleOptions = {
  readonly root: string
  readonly name: string
  readonly plan: BundlePlan
  readonly folder: string
  readonly withSourceMaps?: boolean
}

/**
 * CommonJS packages inside an ES module still ask for these. Deep imports of one chunk by another make every chunk
 * carry them.
 */
const banner = [
  "import { createRequire as requireOf } from 'node:module'",
  'const require = requireOf(import.meta.url)',
  'const __filename = import.meta.filename',
  'const __dirname = import.meta.dirname',
].join(';')

/**
 * Makes a folder that runs by itself once its few packages are installed: the program in one file, what it loads later
 * in others, and a package.json with its lock.
 *
 * @throws TradingError FILE_UNREADABLE when a folder that travels along was not built
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { root, name, plan, folder, withSourceMaps = true } = options
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: plan.entries,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    sourcemap: withSourceMaps ? 'linked' : false,
    sourcesContent: false,
    external: [...externalPackages],
    plugins: [namedExports(root)],
    banner: { js: banner },
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  })
  for (const [to, from] of Object.entries(plan.folders ?? {}))
    await cp(join(root, from), join(folder, to), { recursive: true }).catch((cause: Error) => {
      throw new TradingError(
        'FILE_UNREADABLE',
        `${from} cannot be copied (${cause.message}); run npm run build:console first`,
        {},
        cause,
      )
    })
  // The platform of the functions starts them its own way.
  if (name !== 'functions')
    await cp(join(import.meta.dirname, 'warm.mjs'), join(folder, 'warm.mjs'))
  await writePackage(options)
  return { name, folder, ...bytesOf(metafile) }
}

async function writePackage({ root, name, plan, folder }: BundleOptions): Promise<void> {
  const project = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const dependencies: Record<string, string> = {}
  for (const installed of [...plan.installs].sort())
    dependencies[installed] = project.dependencies[installed]
  const [entry = 'main'] = Object.keys(plan.entries)
  const description = {
    name: `asterai-${name}`,
    version: project.version,
    private: true,
    type: 'module',
    main: `${entry}.mjs`,
    engines: { node: '>=24' },
    ...(plan.resolves && { imports: plan.resolves }),
    dependencies,
    // npm runs install scripts of packages that are named here only.
    allowScripts: Object.fromEntries(
      Object.entries(project.allowScripts).filter(([script]) => script in dependencies),
    ),
  }
  const lock: PackageLock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  await writeFile(join(folder, 'package.json'), textOf(description))
  await writeFile(join(folder, 'package-lock.json'), textOf(lockSubset(lock, description)))
}

const textOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Follows static imports from the first entry. */
function bytesOf({ outputs }: Metafile): { bootBytes: number; totalBytes: number } {
  const files = Object.entries(outputs).filter(([path]) => path.endsWith('.mjs'))
  const main = files.find(
    ([path, { entryPoint }]) => entryPoint && /\/(main|index)\.mjs$/.test(path),
  )
  const seen = new Set<string>()
  const follow = (path: string): number => {
    const output = outputs[path]
    if (!output || seen.has(path)) return 0
    seen.add(path)
    return output.imports
      .filter(({ kind, external }) => kind === 'import-statement' && !external)
      .reduce((sum, imported) => sum + follow(imported.path), output.bytes)
  }
  return {
    bootBytes: main ? follow(main[0]) : 0,
    totalBytes: files.reduce((sum, [, { bytes }]) => sum + bytes, 0),
  }
}

/** Folder of the repository: this file is two below it. */
export const repositoryRoot = dirname(dirname(import.meta.dirname))
