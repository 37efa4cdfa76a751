import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type Zippable, zipSync } from 'fflate'

export type ZipBytes = { readonly bytes: Uint8Array; readonly sha256: string }

/**
 * Packs a folder so that the same files always give the same bytes: sorted names, one fixed time, no owner. The name
 * of what is deployed is its hash, so a deployment changes when, and only when, the code does.
 */
export function zipFolder(folder: string): ZipBytes {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
  const files: Zippable = {}
  // A zip holds local wall time, so the date is built from parts and not from an instant.
  for (const name of names)
    files[name] = [
      new Uint8Array(readFileSync(join(folder, name))),
      { mtime: new Date(1980, 0, 1), level: 9, os: 3, attrs: 0o644 << 16 },
    ]
  const bytes = zipSync(files)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}
