import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'

const entryShape = z.object({
  /** From the manifest's folder. */
  path: z.string(),
  venue: z.string(),
  kind: z.string(),
  symbol: z.string(),
  interval: z.string().optional(),
  /** What was asked for: `fromMs ≤ time < toMs`. */
  fromMs: z.int(),
  toMs: z.int(),
  /** Times of the first and last row; absent in an empty range. */
  firstMs: z.int().optional(),
  lastMs: z.int().optional(),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string().length(64),
  /** Nothing can be added to it any more. */
  isComplete: z.boolean(),
  source: z.string(),
})

const manifestShape = z.object({
  version: z.literal(1),
  /** True when any of it was not traded by anybody. */
  synthetic: z.boolean(),
  files: z.array(entryShape),
})

export type ManifestEntry = z.infer<typeof entryShape>
export type Manifest = z.infer<typeof manifestShape>

const manifestName = 'manifest.json'

/** @returns undefined when there is none. @throws TradingError FILE_UNREADABLE naming the field */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, manifestName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TradingError('FILE_UNREADABLE', `cannot read ${path}: ${(cause as Error).message}`)
  }
  try {
    return manifestShape.parse(JSON.parse(text))
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined
    const what = issue ? `field '${issue.path.join('.')}': ${issue.message}` : 'not JSON'
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path}: ${what}; move it away and pull again`,
      { path },
      cause,
    )
  }
}

/** Replaces the manifest whole, so that a process that dies leaves the old or the new one. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, manifestName)
  const file = await open(`${path}.part`, 'w')
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** What became of a file that the manifest names. */
export type EntryState = 'intact' | 'absent' | 'changed'

export async function stateOf(folder: string, entry: ManifestEntry): Promise<EntryState> {
  const path = join(folder, entry.path)
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  )
  if (size === undefined) return 'absent'
  return size === entry.bytes && (await sha256Of(path)) === entry.sha256 ? 'intact' : 'changed'
}
