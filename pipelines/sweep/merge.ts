import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { canonicalText, headerDifference, type SweepHeader } from './header.ts'
import { journalPath, readJournal } from './journal.ts'

export type Merged = {
  /** As if one task had done it all. */
  readonly header: SweepHeader
  /** Ascending by number. */
  readonly trials: readonly TrialSummary[]
  /** Numbers below the largest that nobody has done. */
  readonly missing: readonly number[]
}

/**
 * Joins the journals of the tasks of one sweep.
 *
 * @param folders - of tasks, or folders that hold such folders
 * @throws TradingError CONFIG_INVALID when they are not of one sweep; ROW_INVALID when two tasks disagree on a trial
 */
export async function mergeJournals(folders: readonly string[]): Promise<Merged> {
  const paths = (await Promise.all(folders.map(journalsUnder))).flat()
  let first: { header: SweepHeader; path: string } | undefined
  const byNumber = new Map<number, { trial: TrialSummary; path: string }>()
  for (const path of [...new Set(paths)]) {
    const content = await readJournal(path)
    if (!content)
      throw new TradingError('ROW_INVALID', `${path} has no header; run that task again`)
    const { header, trials } = content
    const difference = first && headerDifference(first.header, header, ['task'])
    if (first && difference !== undefined)
      throw new TradingError(
        'CONFIG_INVALID',
        `${first.path} and ${path} are of different sweeps: ${difference}`,
      )
    first ??= { header, path }
    for (const trial of trials) {
      const known = byNumber.get(trial.trial)
      if (known && canonicalText(known.trial) !== canonicalText(trial))
        throw new TradingError(
          'ROW_INVALID',
          `trial ${trial.trial} differs between ${known.path} and ${path}; one of them was made by other code or data`,
        )
      byNumber.set(trial.trial, { trial, path })
    }
  }
  if (!first)
    throw new TradingError('FILE_UNREADABLE', `no trials.jsonl under ${folders.join(', ')}`)
  const trials = [...byNumber.values()].map(({ trial }) => trial).sort((a, b) => a.trial - b.trial)
  const largest = trials.at(-1)?.trial ?? -1
  const missing: number[] = []
  for (let trial = 0; trial <= largest; trial++) if (!byNumber.has(trial)) missing.push(trial)
  return { header: { ...first.header, task: { index: 0, count: 1 } }, trials, missing }
}

async function journalsUnder(folder: string): Promise<readonly string[]> {
  const own = journalPath(folder)
  if (await isFile(own)) return [own]
  const names = await readdir(folder).catch((cause) => {
    throw new TradingError('FILE_UNREADABLE', `cannot read ${folder}: ${cause.code}`, {}, cause)
  })
  const below = names.sort().map((name) => journalPath(join(folder, name)))
  const found = await Promise.all(below.map(isFile))
  return below.filter((_, index) => found[index])
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
