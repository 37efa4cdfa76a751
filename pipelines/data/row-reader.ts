import type { Layout } from './layout.ts'
import type { ProblemLog } from './problem.ts'
import { type Cell, numberIn, type Table } from './table.ts'
import { readTimeText } from './time-text.ts'

/** A candle of a table. */
export type KlineRow = {
  readonly row: number
  readonly symbol: string | undefined
  /** Start of the candle. */
  readonly timeUs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** As the table has it; undefined where the column is missing. */
  readonly volume: number | undefined
  readonly quoteVolume: number | undefined
  readonly trades: number | undefined
}

/** A settled funding rate. */
export type FundingRow = {
  readonly row: number
  readonly symbol: string | undefined
  /** As read; without a zone as if UTC. */
  readonly timeUs: number
  readonly hasZone: boolean
  /** Fraction of notional; longs pay when positive. */
  readonly rate: number
}

/** Position of a column, or −1. */
const placeOf = (table: Table, ...names: readonly (string | undefined)[]): number =>
  table.columns.findIndex((name) => names.includes(name))

function timeIn(cell: Cell): { timeUs: number; hasZone: boolean } | undefined {
  if (typeof cell === 'string') return readTimeText(cell)
  if (typeof cell !== 'number') return undefined
  // Parquet timestamps arrive as microseconds, bare integers in whatever unit their digits show.
  return readTimeText(String(cell))
}

const textIn = (cell: Cell): string | undefined => (cell === undefined ? undefined : String(cell))

/**
 * Reads candles; a row with an unreadable cell becomes a problem and is left out.
 *
 * @throws TradingError as the table does
 */
export async function* readKlineRows(
  table: Table,
  layout: Extract<Layout, { kind: 'klines' }>,
  log: ProblemLog,
): AsyncGenerator<KlineRow> {
  const at = {
    time: placeOf(table, layout.time),
    symbol: placeOf(table, layout.symbol),
    open: placeOf(table, 'open'),
    high: placeOf(table, 'high'),
    low: placeOf(table, 'low'),
    close: placeOf(table, 'close'),
    volume: placeOf(table, 'volume'),
    quoteVolume: placeOf(table, 'quote_volume', 'turnover'),
    trades: placeOf(table, 'trades'),
  }
  const needed = ['open', 'high', 'low', 'close'] as const
  for await (const batch of table.batches)
    for (const [index, cells] of batch.rows.entries()) {
      const row = batch.firstRow + index
      const time = timeIn(cells[at.time])
      if (!time) {
        log.add(table.path, row, 'value', `${layout.time} '${cells[at.time]}' is not a time`)
        continue
      }
      const prices = needed.map((name) => numberIn(cells[at[name]]))
      const bad = prices.indexOf(undefined)
      if (bad >= 0) {
        const name = needed[bad] as (typeof needed)[number]
        log.add(table.path, row, 'value', `${name} '${cells[at[name]] ?? ''}' is not a number`)
        continue
      }
      const [open, high, low, close] = prices as [number, number, number, number]
      yield {
        row,
        symbol: at.symbol < 0 ? undefined : textIn(cells[at.symbol]),
        timeUs: time.timeUs,
        open,
        high,
        low,
        close,
        volume: numberIn(cells[at.volume]),
        quoteVolume: numberIn(cells[at.quoteVolume]),
        trades: numberIn(cells[at.trades]),
      }
    }
}

/** Reads funding rates; a row with an unreadable cell becomes a problem and is left out. */
export async function* readFundingTable(
  table: Table,
  layout: Extract<Layout, { kind: 'funding' }>,
  log: ProblemLog,
): AsyncGenerator<FundingRow> {
  const at = {
    time: placeOf(table, layout.time),
    symbol: placeOf(table, layout.symbol),
    rate: placeOf(table, layout.rate),
  }
  for await (const batch of table.batches)
    for (const [index, cells] of batch.rows.entries()) {
      const row = batch.firstRow + index
      const time = timeIn(cells[at.time])
      const rate = numberIn(cells[at.rate])
      if (!time || rate === undefined) {
        const [name, cell] = time ? [layout.rate, cells[at.rate]] : [layout.time, cells[at.time]]
        log.add(
          table.path,
          row,
          'value',
          `${name} '${cell ?? ''}' is not a ${time ? 'number' : 'time'}`,
        )
        continue
      }
      yield { row, symbol: at.symbol < 0 ? undefined : textIn(cells[at.symbol]), ...time, rate }
    }
}
