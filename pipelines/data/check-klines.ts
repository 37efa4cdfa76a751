import { candleIntervalOf } from '#shared/market/candle-interval.ts'
import type { ProblemLog } from './problem.ts'
import type { KlineRow } from './row-reader.ts'
import { timeText } from './time-text.ts'

/** What a column of candles of one symbol looks like. */
export type SeriesFacts = {
  readonly symbol: string | undefined
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  /** Most frequent step; undefined below two rows. */
  readonly intervalUs: number | undefined
  readonly zeroVolumeRows: number
  /** Candles of one price and no volume, at the end of the series. */
  readonly frozenTailRows: number
}

export type KlineCheckOptions = {
  readonly nowUs: number
  /** Close to close, as a fraction: larger moves are listed. */
  readonly jumpRatioMin?: number
  /** Several symbols one after the other in one file are meant. */
  readonly allowsSymbols?: boolean
  /** A pull before the listing of a market leaves files without rows. */
  readonly mayBeEmpty?: boolean
}

const frozenRowsMin = 24
/** A symbol whose candles end this long before the others' was delisted, or its file is cut. */
const aliveUs = 2 * 86_400_000_000

type Series = { readonly symbol: string | undefined; readonly rows: KlineRow[] }

/** Checks candles of one file; the candles of a symbol stand together. */
export async function checkKlines(
  file: string,
  rows: AsyncIterable<KlineRow>,
  log: ProblemLog,
  options: KlineCheckOptions,
): Promise<readonly SeriesFacts[]> {
  const facts: SeriesFacts[] = []
  const seen = new Set<string | undefined>()
  let series: Series | undefined
  const finish = (): void => {
    if (series) facts.push(checkSeries(file, series, log, options))
  }
  for await (const row of rows) {
    checkRow(file, row, log, options.nowUs)
    if (!series || row.symbol !== series.symbol) {
      if (seen.has(row.symbol))
        log.add(file, row.row, 'mixed-symbols', `${row.symbol} comes again after another symbol`)
      else if (series && options.allowsSymbols !== true)
        log.add(file, row.row, 'mixed-symbols', `${row.symbol} in a file of ${series.symbol}`)
      seen.add(row.symbol)
      finish()
      series = { symbol: row.symbol, rows: [] }
    }
    series.rows.push(row)
  }
  finish()
  if (facts.length === 0 && options.mayBeEmpty !== true)
    log.add(file, undefined, 'columns', 'no candle in the file')
  return facts
}

function checkRow(file: string, row: KlineRow, log: ProblemLog, nowUs: number): void {
  const { open, high, low, close, volume } = row
  if (row.timeUs > nowUs)
    log.add(file, row.row, 'future', `${timeText(row.timeUs)} is in the future`)
  if (!(low > 0)) log.add(file, row.row, 'value', `low ${low} is not above 0`)
  if (volume !== undefined && volume < 0)
    log.add(file, row.row, 'value', `volume ${volume} is negative`)
  if (high < Math.max(open, close, low))
    log.add(file, row.row, 'ohlc-order', `high ${high} is below ${Math.max(open, close, low)}`)
  else if (low > Math.min(open, close))
    log.add(file, row.row, 'ohlc-order', `low ${low} is above ${Math.min(open, close)}`)
}

function checkSeries(
  file: string,
  { symbol, rows }: Series,
  log: ProblemLog,
  { jumpRatioMin = 0.5 }: KlineCheckOptions,
): SeriesFacts {
  const intervalUs = mostFrequentStep(rows)
  const name = symbol === undefined ? '' : `${symbol}: `
  let zeroVolumeRows = 0
  let frozen = 0
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1]
    if (row.volume === 0) zeroVolumeRows++
    frozen = isFrozen(row, before) ? frozen + 1 : 0
    if (!before) continue
    const step = row.timeUs - before.timeUs
    if (step === 0)
      log.add(file, row.row, 'duplicate', `${name}${timeText(row.timeUs)} is there twice`)
    else if (step < 0)
      log.add(
        file,
        row.row,
        'unsorted',
        `${name}${timeText(row.timeUs)} after ${timeText(before.timeUs)}`,
      )
    else if (intervalUs !== undefined && step !== intervalUs)
      log.add(file, row.row, 'gap', gapText(name, before.timeUs, row.timeUs, intervalUs))
    const move = row.close / before.close - 1
    if (Math.abs(move) >= jumpRatioMin && step > 0)
      log.add(
        file,
        row.row,
        'jump',
        `${name}close moves ${(100 * move).toFixed(1)} % at ${timeText(row.timeUs)}`,
      )
  }
  if (zeroVolumeRows > 0)
    log.add(
      file,
      undefined,
      'zero-volume',
      `${name}${zeroVolumeRows} of ${rows.length} candles have no volume`,
    )
  if (frozen >= frozenRowsMin)
    log.add(
      file,
      rows.at(-frozen)?.row,
      'frozen',
      `${name}the last ${frozen} candles have one price and no volume: a dead market?`,
    )
  const [first] = rows as [KlineRow, ...KlineRow[]]
  return {
    symbol,
    rows: rows.length,
    firstUs: first.timeUs,
    lastUs: rows.at(-1)?.timeUs as number,
    intervalUs,
    zeroVolumeRows,
    frozenTailRows: frozen,
  }
}

const isFrozen = (row: KlineRow, before: KlineRow | undefined): boolean =>
  row.volume === 0 && row.high === row.low && row.close === (before?.close ?? row.close)

function gapText(name: string, fromUs: number, toUs: number, intervalUs: number): string {
  const missing = (toUs - fromUs) / intervalUs - 1
  const interval = candleIntervalOf(intervalUs) ?? `${intervalUs / 1e6} s`
  return Number.isInteger(missing)
    ? `${name}${missing} candles of ${interval} are missing after ${timeText(fromUs)}`
    : `${name}${timeText(toUs)} is off the grid of ${interval} after ${timeText(fromUs)}`
}

function mostFrequentStep(rows: readonly KlineRow[]): number | undefined {
  const counts = new Map<number, number>()
  for (let index = 1; index < rows.length; index++) {
    const step = (rows[index] as KlineRow).timeUs - (rows[index - 1] as KlineRow).timeUs
    if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  let most: number | undefined
  for (const [step, count] of counts) if (count > (counts.get(most ?? -1) ?? 0)) most = step
  return most
}

/** What a set of symbols of one interval says about the dead, as a note; undefined for a single symbol. */
export function survivorshipNote(facts: readonly SeriesFacts[]): string | undefined {
  const symbols = [...new Set(facts.map(({ symbol }) => symbol))]
  if (symbols.length < 2) return undefined
  const lastUs = Math.max(...facts.map((series) => series.lastUs))
  const isAlive = (series: SeriesFacts) =>
    series.frozenTailRows < frozenRowsMin && lastUs - series.lastUs <= aliveUs
  const alive = new Set(facts.filter(isAlive).map(({ symbol }) => symbol))
  const dead = symbols.filter((symbol) => !alive.has(symbol))
  return dead.length === 0
    ? `survivorship: all ${symbols.length} symbols live until ${timeText(lastUs)}; contracts that were delisted before are not in the set, so results over it are too good`
    : `survivorship: ${dead.length} of ${symbols.length} symbols ended or froze before ${timeText(lastUs)} (${dead.slice(0, 5).join(', ')})`
}
