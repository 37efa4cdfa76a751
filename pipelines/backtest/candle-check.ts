import { TradingError } from '#shared/kernel/error.ts'
import type { BarColumns } from '#shared/simulation/bar/series.ts'
import type { CandleRows } from './candle-csv.ts'
import { textFromMicros } from './candle-interval.ts'

/** Candles of one symbol that have passed every check. */
export type CheckedCandles = {
  readonly columns: BarColumns
  readonly intervalUs: number
  /** Decimals that its prices and volumes use, 0 to 8. */
  readonly priceDecimals: number
  readonly volumeDecimals: number
  readonly missingBars: number
  readonly zeroVolumeRatio: number
  /** The newest bar was still open and was left out. */
  readonly hasDroppedOpenBar: boolean
}

export type CheckTerms = {
  readonly path: string
  /** The length every bar must have; found from the rows when undefined. */
  readonly intervalUs: number | undefined
  readonly nowUs: number
  readonly allowGaps: boolean
}

/**
 * Believes rows only when time rises by one interval, prices are positive and low ≤ open, close ≤ high, and nothing
 * lies in the future.
 *
 * @throws TradingError CANDLE_MALFORMED naming file, row and remedy
 */
export function checkCandles(rows: CandleRows, terms: CheckTerms): CheckedCandles {
  const { path, nowUs } = terms
  const intervalUs = terms.intervalUs ?? commonStepUs(rows, path)
  let missingBars = 0
  let zeroes = 0
  for (let i = 0; i < rows.timeUs.length; i++) {
    const where = `${path} row ${rows.line[i]}`
    checkPrices(rows, i, where)
    if (rows.volume[i] === 0) zeroes++
    const timeUs = rows.timeUs[i] as number
    if (timeUs > nowUs)
      throw malformed(`${where}: ${textFromMicros(timeUs)} is in the future; check the time unit`)
    if (i > 0) missingBars += checkStep(rows, i, intervalUs, { where, ...terms })
  }
  const last = rows.timeUs.at(-1) as number
  const hasDroppedOpenBar = last + intervalUs > nowUs
  const count = rows.timeUs.length - (hasDroppedOpenBar ? 1 : 0)
  if (count === 0) throw malformed(`${path}: ${rows.symbol} has no closed bar`)
  return {
    columns: columnsFrom(rows, count),
    intervalUs,
    priceDecimals: decimalsOf([rows.open, rows.high, rows.low, rows.close]),
    volumeDecimals: decimalsOf([rows.volume]),
    missingBars,
    zeroVolumeRatio: zeroes / rows.timeUs.length,
    hasDroppedOpenBar,
  }
}

function checkPrices(rows: CandleRows, i: number, where: string): void {
  const open = rows.open[i] as number
  const high = rows.high[i] as number
  const low = rows.low[i] as number
  const close = rows.close[i] as number
  if (!(low > 0)) throw malformed(`${where}: low ${low} is not a positive price`)
  if (low > Math.min(open, close) || high < Math.max(open, close))
    throw malformed(
      `${where}: open ${open}, high ${high}, low ${low}, close ${close} are out of order; columns may be swapped`,
    )
  const volume = rows.volume[i] as number
  if (!(volume >= 0)) throw malformed(`${where}: volume ${volume} is negative`)
}

/** @returns bars missing before this row */
function checkStep(
  rows: CandleRows,
  i: number,
  intervalUs: number,
  { where, allowGaps }: { readonly where: string; readonly allowGaps: boolean },
): number {
  const timeUs = rows.timeUs[i] as number
  const before = rows.timeUs[i - 1] as number
  if (timeUs === before)
    throw malformed(`${where}: ${textFromMicros(timeUs)} appears twice; remove one`)
  if (timeUs < before)
    throw malformed(
      `${where}: ${textFromMicros(timeUs)} comes after ${textFromMicros(before)}; sort the file by time`,
    )
  const steps = (timeUs - before) / intervalUs
  if (!Number.isInteger(steps))
    throw malformed(
      `${where}: ${(timeUs - before) / 6e7} minutes after the row before, not whole bars of ${intervalUs / 6e7} minutes`,
    )
  if (steps > 1 && !allowGaps)
    throw malformed(
      `${where}: ${steps - 1} bars are missing before ${textFromMicros(timeUs)}; fill them, or accept holes with --allow-gaps`,
    )
  return steps - 1
}

/** The step that most neighbours have, by their median. */
function commonStepUs({ timeUs, symbol }: CandleRows, path: string): number {
  const steps = timeUs.slice(1).map((time, i) => time - (timeUs[i] as number))
  const positive = steps.filter((step) => step > 0).sort((a, b) => a - b)
  const middle = positive[(positive.length - 1) >> 1]
  if (middle !== undefined) return middle
  throw malformed(`${path}: ${symbol} has too few rows to tell the interval; give --interval`)
}

/** Decimals after which nothing is left, to the precision floats have. */
function decimalsOf(columns: readonly (readonly number[])[]): number {
  let decimals = 0
  for (const column of columns)
    for (const value of column) while (decimals < 8 && !isWhole(value * 10 ** decimals)) decimals++
  return decimals
}

const isWhole = (value: number): boolean =>
  Math.abs(value - Math.round(value)) <= Math.max(1e-6, Math.abs(value) * 1e-13)

function columnsFrom(rows: CandleRows, count: number): BarColumns {
  const column = (values: readonly number[]): Float64Array =>
    Float64Array.from(values.slice(0, count))
  return {
    symbol: rows.symbol,
    timeUs: column(rows.timeUs),
    open: column(rows.open),
    high: column(rows.high),
    low: column(rows.low),
    close: column(rows.close),
    volume: column(rows.volume),
  }
}

const malformed = (message: string): TradingError => new TradingError('CANDLE_MALFORMED', message)
