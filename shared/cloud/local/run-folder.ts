import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'

/**
 * Path of the tape of a run.
 *
 * @param run - folder of a run, its id (looked for in `run/`), or the tape itself
 * @throws TradingError FILE_UNREADABLE
 */
export function tapeOfRun(run: string): string {
  for (const candidate of [run, join('run', run)]) {
    if (!existsSync(candidate)) continue
    const path = statSync(candidate).isDirectory() ? join(candidate, 'tape.arrow') : candidate
    if (existsSync(path)) return path
  }
  throw new TradingError(
    'FILE_UNREADABLE',
    `no run '${run}': there is no ${run} and no ${join('run', run)} with a tape.arrow`,
  )
}

/** What a run wrote down of its intents when it ended. */
export type ClaimedIntents = { readonly intents: number; readonly intentsHash: string }

/**
 * Reads the summary beside a tape.
 *
 * @returns undefined when there is none: the run did not end by itself
 * @throws TradingError FILE_UNREADABLE when it is no summary
 */
export function claimedBeside(tapePath: string): ClaimedIntents | undefined {
  const path = join(tapePath, '..', 'summary.json')
  if (!existsSync(path)) return undefined
  const claimed = readSummary(path)
  if (typeof claimed?.intents === 'number' && typeof claimed.intentsHash === 'string')
    return { intents: claimed.intents, intentsHash: claimed.intentsHash }
  throw new TradingError('FILE_UNREADABLE', `${path} names no intents and no intentsHash`)
}

function readSummary(path: string): { intents?: unknown; intentsHash?: unknown } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new TradingError('FILE_UNREADABLE', `${path} is not JSON`, { path }, cause)
  }
}
