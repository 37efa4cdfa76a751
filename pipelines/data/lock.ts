import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { TradingError } from '#shared/kernel/error.ts'

/**
 * Keeps a second process out of a folder, which is made when absent. A lock whose process is gone counts for nothing.
 *
 * @returns a function that lets go
 * @throws TradingError LEASE_HELD; FILE_UNREADABLE where nothing can be written
 */
export function lockFolder(folder: string, name: string): () => void {
  makeFolder(folder, '--out')
  const path = join(folder, name)
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    }
    const holder = Number(readFileSync(path, 'utf8'))
    if (holder !== process.pid && isAlive(holder))
      throw new TradingError(
        'LEASE_HELD',
        `process ${holder} is at work in this folder (${path}); wait for it or name another --out`,
      )
    rmSync(path, { force: true })
  }
}

function isAlive(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId <= 0) return false
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
