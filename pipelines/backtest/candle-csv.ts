import { TradingError } from '#shared/kernel/error.ts'
import { microsFromText } from './candle-interval.ts'

/** Rows of a file before any of them is believed; `line` is where each stood. */
export type CandleRows = {
  readonly symbol: string
  readonly timeUs: number[]
  readonly open: number[]
  readonly high: number[]
  readonly low: number[]
  readonly close: number[]
  readonly volume: number[]
  /** Line of the file for each row, from 1. */
  readonly line: number[]
}

type Layout = {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly symbol: number | undefined
  readonly columns: number
}

const timeNames = ['timestamp', 'open_time', 'opentime', 'open time', 'time', 'ts', 'date']

/**
 * Reads candles from CSV text: with a header (`timestamp` or `open_time`, open, high, low, close, volume, perhaps
 * symbol), or the venue's bare rows that begin with the open time.
 *
 * @param symbol - the symbol that all rows must be of; undefined for a file of many, which needs a symbol column
 * @throws TradingError CANDLE_MALFORMED naming file and row
 */
export function readCandleCsv(
  text: string,
  source: { readonly path: string; readonly symbol: string | undefined },
): readonly CandleRows[] {
  const { path, symbol } = source
  const lines = text.split('\n')
  const first = (lines[0] ?? '').trim()
  const hasHeader = !/^\d/.test(first)
  const layout = hasHeader ? layoutFrom(first, path) : bareLayout(first, path)
  if (symbol === undefined && layout.symbol === undefined)
    throw new TradingError(
      'CANDLE_MALFORMED',
      `${path} does not say its symbol; name it like BTCUSDT.csv or add a symbol column`,
    )
  const tables = new Map<string, CandleRows>()
  for (let index = hasHeader ? 1 : 0; index < lines.length; index++) {
    const line = (lines[index] as string).trimEnd()
    if (line === '') continue
    const cells = line.split(',')
    const where = `${path} row ${index + 1}`
    if (cells.length < layout.columns)
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${where}: ${cells.length} columns, expected ${layout.columns}; the row is cut off or of another layout`,
      )
    const stated = layout.symbol === undefined ? undefined : cells[layout.symbol]
    if (symbol !== undefined && stated !== undefined && stated !== symbol)
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${where}: symbol ${stated} in a file of ${symbol}; symbols are mixed, split the file`,
      )
    addRow(tableOf(tables, stated ?? symbol ?? ''), cells, layout, { where, line: index + 1 })
  }
  if (tables.size === 0) throw new TradingError('CANDLE_MALFORMED', `${path} has no rows`)
  return [...tables.values()]
}

function tableOf(tables: Map<string, CandleRows>, symbol: string): CandleRows {
  const found = tables.get(symbol)
  if (found) return found
  const fresh: CandleRows = {
    symbol,
    timeUs: [],
    open: [],
    high: [],
    low: [],
    close: [],
    volume: [],
    line: [],
  }
  tables.set(symbol, fresh)
  return fresh
}

function addRow(
  rows: CandleRows,
  cells: readonly string[],
  layout: Layout,
  { where, line }: { readonly where: string; readonly line: number },
): void {
  const timeText = cells[layout.time] ?? ''
  const timeUs = microsFromText(timeText)
  if (timeUs === undefined)
    throw new TradingError('CANDLE_MALFORMED', `${where}: '${timeText}' is not a time`)
  rows.timeUs.push(timeUs)
  rows.open.push(numberAt(cells, layout.open, 'open', where))
  rows.high.push(numberAt(cells, layout.high, 'high', where))
  rows.low.push(numberAt(cells, layout.low, 'low', where))
  rows.close.push(numberAt(cells, layout.close, 'close', where))
  rows.volume.push(numberAt(cells, layout.volume, 'volume', where))
  rows.line.push(line)
}

function numberAt(cells: readonly string[], column: number, name: string, where: string): number {
  const text = cells[column] ?? ''
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value))
    throw new TradingError('CANDLE_MALFORMED', `${where}: ${name} '${text}' is not a number`)
  return value
}

function layoutFrom(header: string, path: string): Layout {
  const names = header.split(',').map((name) => name.trim().toLowerCase().replace(/^"|"$/g, ''))
  const column = (...wanted: readonly string[]): number => {
    const at = names.findIndex((name) => wanted.includes(name))
    if (at >= 0) return at
    throw new TradingError(
      'CANDLE_MALFORMED',
      `${path} row 1: no column '${wanted[0]}'; it has ${names.join(', ')}`,
    )
  }
  const symbol = names.indexOf('symbol')
  const layout = {
    time: column(...timeNames),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume', 'base_volume', 'vol'),
    symbol: symbol < 0 ? undefined : symbol,
  }
  const { time, open, high, low, close, volume } = layout
  return { ...layout, columns: Math.max(time, open, high, low, close, volume, symbol) + 1 }
}

/** Rows as the venue gives them: open time, open, high, low, close, volume, close time, … */
function bareLayout(first: string, path: string): Layout {
  const columns = first.split(',').length
  if (columns >= 6)
    return { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, symbol: undefined, columns: 6 }
  throw new TradingError(
    'CANDLE_MALFORMED',
    `${path} row 1: ${columns} columns without a header; candles need time, open, high, low, close, volume`,
  )
}
