import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkBlobName, checkBlobPrefix } from '../blob-name.ts'
import type { Blobs } from '../port.ts'

const unfinished = '.part-'

/**
 * Blobs as files of a folder. A blob appears whole or not at all.
 *
 * @throws TradingError OPTION_INVALID from every call with another name
 */
export function openBlobs(folder: string): Blobs {
  const pathOf = (name: string): string => {
    checkBlobName(name)
    return join(folder, name)
  }

  /** Writes beside the final place, then lets `finish` make it appear there in one step. */
  const write = async (
    name: string,
    bytes: Uint8Array,
    finish: (part: string, path: string) => Promise<void>,
  ) => {
    const path = pathOf(name)
    await mkdir(dirname(path), { recursive: true })
    const part = join(dirname(path), `${unfinished}${randomUUID()}`)
    try {
      await writeFile(part, bytes, { flag: 'wx', flush: true })
      await finish(part, path)
    } finally {
      await rm(part, { force: true })
    }
  }

  return {
    put: (name, bytes) => write(name, bytes, rename),
    async create(name, bytes) {
      try {
        // A link, unlike a rename, refuses to replace what is there.
        await write(name, bytes, link)
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      }
    },
    async get(name) {
      try {
        return new Uint8Array(await readFile(pathOf(name)))
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },
    async list(prefix) {
      checkBlobPrefix(prefix)
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
        (error) => {
          if (isAbsent(error)) return []
          throw error
        },
      )
      return entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
        .filter((name) => name.startsWith(prefix))
        .sort()
    },
  }
}

const isAbsent = (error: unknown): boolean => {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}
