import { microsPerHour } from '#shared/kernel/unit.ts'
import type { ProblemLog } from './problem.ts'
import type { FundingRow } from './row-reader.ts'
import { timeText } from './time-text.ts'

export type FundingFacts = {
  readonly symbol: string | undefined
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  /** Hours between settlements that occur, most frequent first. */
  readonly intervalHours: readonly number[]
}

/** Beyond a few percent per settlement a rate is in percent, or wrong. */
const rateMost = 0.05
/** Longest interval that a venue settles in. */
const intervalMostUs = 8 * microsPerHour
/** Settlements are stamped some milliseconds late. */
const toleranceUs = 5_000_000

/** Checks funding rates; several symbols in one file are usual, those of a symbol in order of time. */
export async function checkFunding(
  file: string,
  rows: AsyncIterable<FundingRow>,
  log: ProblemLog,
  { nowUs }: { readonly nowUs: number },
): Promise<readonly FundingFacts[]> {
  type Series = { rows: number; firstUs: number; lastUs: number; steps: Map<number, number> }
  const bySymbol = new Map<string | undefined, Series>()
  let hasZone = true
  for await (const { row, symbol, timeUs, rate, ...time } of rows) {
    hasZone &&= time.hasZone
    const name = symbol === undefined ? '' : `${symbol}: `
    if (timeUs > nowUs) log.add(file, row, 'future', `${name}${timeText(timeUs)} is in the future`)
    if (Math.abs(rate) > rateMost)
      log.add(file, row, 'jump', `${name}rate ${rate} per settlement; is it in percent?`)
    const series = bySymbol.get(symbol)
    if (!series) {
      bySymbol.set(symbol, { rows: 1, firstUs: timeUs, lastUs: timeUs, steps: new Map() })
      continue
    }
    const step = timeUs - series.lastUs
    if (step === 0) log.add(file, row, 'duplicate', `${name}${timeText(timeUs)} is there twice`)
    else if (step < 0)
      log.add(file, row, 'unsorted', `${name}${timeText(timeUs)} after ${timeText(series.lastUs)}`)
    else if (step > intervalMostUs + toleranceUs)
      log.add(
        file,
        row,
        'gap',
        `${name}${(step / microsPerHour).toFixed(1)} h without a settlement after ${timeText(series.lastUs)}`,
      )
    const hours = Math.round(step / microsPerHour)
    series.steps.set(hours, (series.steps.get(hours) ?? 0) + 1)
    series.rows++
    series.lastUs = timeUs
  }
  if (bySymbol.size === 0) log.add(file, undefined, 'columns', 'no funding rate in the file')
  if (!hasZone)
    log.add(
      file,
      undefined,
      'zone',
      'times name no zone; import with --utc-offset where it is not UTC',
    )
  return [...bySymbol].map(([symbol, { steps, ...series }]) => ({
    symbol,
    ...series,
    intervalHours: [...steps]
      .sort((a, b) => b[1] - a[1])
      .map(([hours]) => hours)
      .filter((hours) => hours > 0),
  }))
}
