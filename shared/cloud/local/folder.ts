import { accessSync, constants, mkdirSync } from 'node:fs'
import { TradingError } from '#shared/kernel/error.ts'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'part of it is a file',
  EEXIST: 'it is a file',
  ENOSPC: 'the disk is full',
}

/**
 * Makes a folder, with those above it, in which files can be written.
 *
 * @param option - that names it on the command line
 * @throws TradingError FILE_UNREADABLE with the reason and what to do
 */
export function makeFolder(folder: string, option?: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw unwritable(folder, cause, option)
  }
}

/** What is said where nothing can be written. */
export function unwritable(path: string, cause: unknown, option = '--folder'): TradingError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const known = /Permission denied/.test(message) ? reasons.EACCES : reasons[code]
  return new TradingError(
    'FILE_UNREADABLE',
    `cannot write ${path}: ${known ?? message.split('\n')[0]}; choose another folder with ${option}`,
    { path },
    cause,
  )
}
