import { closeSync, createReadStream, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { headerDifference, headerFromText, type SweepHeader } from './header.ts'
import { textFromTrial, trialFromText } from './trial-line.ts'

export const journalName = 'trials.jsonl'

/** What a `trials.jsonl` holds. */
export type JournalContent = {
  readonly header: SweepHeader
  /** Ascending by number. */
  readonly trials: readonly TrialSummary[]
  /** Where the last whole line ends; what follows was being written when the process died. */
  readonly wholeBytes: number
  readonly tornBytes: number
}

/** The append-only file of finished trials of one sweep, held open for writing. */
export type Journal = {
  /** Finished before this process began, ascending by number. */
  readonly trials: readonly TrialSummary[]
  /** Bytes of an unfinished last line that were cut off; that trial runs again. */
  readonly tornBytes: number
  /** Puts trials on the disk before it returns. @throws TradingError ROW_INVALID when a number is not finite */
  append(trials: readonly TrialSummary[]): void
  close(): void
}

/**
 * Opens the journal of a sweep, or begins it. One that was begun and holds no trial has nothing to lose: it is begun anew.
 *
 * @throws TradingError CONFIG_INVALID when it was begun with other options, data or code
 * @throws TradingError ROW_INVALID naming file and row; FILE_UNREADABLE
 */
export async function openJournal(path: string, header: SweepHeader): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true })
  const found = await readJournal(path)
  const content = found && found.trials.length > 0 ? found : undefined
  if (content) {
    const difference = headerDifference(content.header, header)
    if (difference !== undefined)
      throw new TradingError(
        'CONFIG_INVALID',
        `${path} was begun differently: ${difference}; use the old one or another --out`,
        { path },
      )
  }
  const file = open(path)
  ftruncateSync(file, content?.wholeBytes ?? 0)
  if (!content) {
    writeWhole(file, `${JSON.stringify(header)}\n`)
    fsyncSync(file)
    syncFolder(dirname(path))
  }
  return {
    trials: content?.trials ?? [],
    tornBytes: content?.tornBytes ?? 0,
    append(trials) {
      if (trials.length === 0) return
      writeWhole(file, trials.map((trial) => `${textFromTrial(trial)}\n`).join(''))
      fsyncSync(file)
    },
    close: () => closeSync(file),
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'a')
  } catch (cause) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `cannot write ${path}: ${(cause as Error).message}`,
      { path },
      cause,
    )
  }
}

function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** A new name is only safe when its folder is on the disk too. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

export const journalPath = (folder: string): string => join(folder, journalName)

/**
 * Reads a journal.
 *
 * @returns undefined when there is none, or when it ends within its header
 * @throws TradingError ROW_INVALID naming file and row
 */
export async function readJournal(path: string): Promise<JournalContent | undefined> {
  let header: SweepHeader | undefined
  const byNumber = new Map<number, TrialSummary>()
  let row = 0
  let wholeBytes = 0
  let rest: Buffer = Buffer.alloc(0)

  const line = (bytes: Buffer): void => {
    row++
    const text = bytes.toString('utf8')
    if (row === 1) {
      header = headerFromText(text, path)
      return
    }
    const trial = trialFromText(text, path, row)
    if (byNumber.has(trial.trial))
      throw new TradingError(
        'ROW_INVALID',
        `${path}, row ${row}: trial ${trial.trial} is there twice; delete one of the lines`,
      )
    byNumber.set(trial.trial, trial)
  }

  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      let from = 0
      for (let end = bytes.indexOf(10, from); end >= 0; end = bytes.indexOf(10, from)) {
        line(bytes.subarray(from, end))
        wholeBytes += end + 1 - from
        from = end + 1
      }
      rest = bytes.subarray(from)
    }
  } catch (cause) {
    if (cause instanceof TradingError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TradingError('FILE_UNREADABLE', `cannot read ${path}: ${(cause as Error).message}`)
  }
  if (!header) return undefined
  const trials = [...byNumber.values()].sort((a, b) => a.trial - b.trial)
  return { header, trials, wholeBytes, tornBytes: rest.length }
}
