import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type Bundle, bundle, repositoryRoot } from './bundle.ts'
import { functionsPlan } from './plan.ts'
import { zipFolder } from './zip.ts'

export type FunctionsZip = Bundle & {
  /** From the repository root, as the setting `functionsZip` of a stack wants it. */
  readonly zip: string
  readonly sha256: string
}

/**
 * Bundles all functions into `<out>/functions-<sha256>.zip` and says in `<out>/functions.json` which one it is. Leaves
 * exactly one zip, so that a folder never holds two to choose from.
 */
export async function buildFunctionsZip(out: string): Promise<FunctionsZip> {
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
  const path = join(out, `functions-${sha256}.zip`)
  await writeFile(path, bytes)
  const zip = relative(repositoryRoot, path).split(sep).join('/')
  await writeFile(join(out, 'functions.json'), `${JSON.stringify({ zip, sha256 })}\n`)
  return { ...built, zip, sha256 }
}
