import { join, resolve } from 'node:path'
import type { Given } from '#shared/cloud/command-line/command.ts'
import { readChoice } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { type Bundle, bundle, repositoryRoot } from './bundle.ts'
import { buildFunctionsZip } from './functions-zip.ts'
import { buildCommand, bundleNames } from './options.ts'
import { type BundledService, bundlePlans } from './plan.ts'

async function main(
  { options, words }: Given<typeof buildCommand.options>,
  { answer }: Voice,
): Promise<number> {
  const wanted = words.length > 0 ? words : bundleNames
  for (const name of wanted) readChoice(name, 'bundle', bundleNames)
  const out = resolve(repositoryRoot, options.out)
  const built: (Bundle & { zip?: string; sha256?: string })[] = []
  for (const name of wanted) {
    const one = name === 'functions' ? await buildFunctionsZip(out) : await buildService(name, out)
    built.push(one)
    console.error(
      `${name.padEnd(14)} boots from ${kilobytes(one.bootBytes)}, ${kilobytes(one.totalBytes)} in all`,
    )
  }
  answer(built)
  return 0
}

const buildService = (name: string, out: string): Promise<Bundle> =>
  bundle({
    root: repositoryRoot,
    name,
    plan: bundlePlans[name as BundledService],
    folder: join(out, name),
  })

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`

await runProcess(carryOut(buildCommand, main))
