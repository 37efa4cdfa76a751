import { TradingError } from '#shared/kernel/error.ts'

/** Closed bars of one symbol in columns, oldest first. Prices in quote per base, volume in base. */
export type BarColumns = {
  readonly symbol: string
  /** Open time of each bar, microseconds UTC. */
  readonly timeUs: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
}

/** Bars of several symbols on one regular clock. */
export type BarTable = {
  /** Open time of the first bar of any symbol. */
  readonly startUs: number
  readonly intervalUs: number
  /** Steps of the clock. */
  readonly steps: number
  readonly columns: readonly BarColumns[]
  /** Per symbol: row of each step; −1 where the symbol has no bar. */
  readonly rowAtStep: readonly Int32Array[]
}

/**
 * Lays the bars of all symbols on one clock.
 *
 * @param intervalUs - length of every bar
 * @throws TradingError CANDLE_MALFORMED when there are no bars, a bar is off the clock, or rows are not in time order
 */
export function alignBars(columns: readonly BarColumns[], intervalUs: number): BarTable {
  let startUs = Number.POSITIVE_INFINITY
  let endUs = Number.NEGATIVE_INFINITY
  for (const { symbol, timeUs } of columns) {
    if (timeUs.length === 0) throw malformed(`${symbol} has no bars`)
    startUs = Math.min(startUs, timeUs[0] as number)
    endUs = Math.max(endUs, timeUs[timeUs.length - 1] as number)
  }
  if (columns.length === 0) throw malformed('there are no bars')
  const steps = Math.round((endUs - startUs) / intervalUs) + 1
  const rowAtStep = columns.map((one) => rowsOnClock(one, { startUs, intervalUs, steps }))
  return { startUs, intervalUs, steps, columns, rowAtStep }
}

function rowsOnClock(
  { symbol, timeUs }: BarColumns,
  clock: { readonly startUs: number; readonly intervalUs: number; readonly steps: number },
): Int32Array {
  const rows = new Int32Array(clock.steps).fill(-1)
  let before = -1
  for (let row = 0; row < timeUs.length; row++) {
    const step = ((timeUs[row] as number) - clock.startUs) / clock.intervalUs
    if (!Number.isInteger(step)) throw malformed(`${symbol} row ${row + 1} is not on the clock`)
    if (step <= before) throw malformed(`${symbol} row ${row + 1} is not after the row before`)
    rows[step] = row
    before = step
  }
  return rows
}

/** Only the bars that open in [fromUs, toUs). Shares memory with the original. */
export function sliceBars(columns: BarColumns, fromUs: number, toUs: number): BarColumns {
  const { timeUs } = columns
  const from = firstAtOrAfter(timeUs, fromUs)
  const to = firstAtOrAfter(timeUs, toUs)
  return {
    symbol: columns.symbol,
    timeUs: timeUs.subarray(from, to),
    open: columns.open.subarray(from, to),
    high: columns.high.subarray(from, to),
    low: columns.low.subarray(from, to),
    close: columns.close.subarray(from, to),
    volume: columns.volume.subarray(from, to),
  }
}

/** The first steps of a table and nothing of the rest; a symbol that is listed later stays, without bars. */
export function cutTable(table: BarTable, steps: number): BarTable {
  const endUs = table.startUs + steps * table.intervalUs
  return {
    ...table,
    steps,
    columns: table.columns.map((one) => sliceBars(one, Number.NEGATIVE_INFINITY, endUs)),
    rowAtStep: table.rowAtStep.map((rows) => rows.subarray(0, steps)),
  }
}

/** Index of the first time not before `wantedUs`. */
function firstAtOrAfter(timeUs: Float64Array, wantedUs: number): number {
  let low = 0
  let high = timeUs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timeUs[middle] as number) < wantedUs) low = middle + 1
    else high = middle
  }
  return low
}

const malformed = (message: string): TradingError => new TradingError('CANDLE_MALFORMED', message)
