import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { lotsFromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { type CaptureGrid, captureInstrument } from '#shared/venue/aster/capture/instrument.ts'
import { layoutOf } from './layout.ts'
import { syntheticKey } from './synthetic.ts'
import { openTable } from './table.ts'
import { readTickRows, type TickLayout, type TickRow } from './tick-row.ts'

export type TickImport = {
  readonly files: readonly string[]
  readonly out: string
  readonly grid: CaptureGrid | undefined
  readonly nowUs: number
  readonly onRows?: (rows: number) => void
}

export type TapeImported = {
  readonly path: string
  readonly events: number
  readonly symbol: string
  readonly notes: readonly string[]
}

type Source = { readonly file: string; readonly rows: AsyncGenerator<TickRow>; head: TickRow }

/**
 * Trades, quotes and books of one market, from one file or several, to a tape in the order of receipt.
 *
 * Rows that were received at one time in one file are one event. Quotes and snapshots replace the book, rows of
 * `incremental_book_L2` change it; update numbers are ours, as the vendor keeps none.
 *
 * @throws TradingError ROW_INVALID naming file and row: unsorted, mixed symbols, future times, off the grid
 * @throws TradingError OPTION_INVALID when the steps of the market are not known
 */
export async function importTicks(options: TickImport): Promise<TapeImported> {
  const { files, out, grid, nowUs } = options
  const sources = await Promise.all(files.map(openSource))
  const symbol = sources[0]?.head.symbol as string
  const other = sources.find(({ head }) => head.symbol !== symbol)
  if (other)
    throw new TradingError(
      'ROW_INVALID',
      `${other.file}, row ${other.head.row}: ${other.head.symbol}, but ${files[0]} is of ${symbol}; import one market at a time`,
    )
  const instrument = captureInstrument(symbol.toUpperCase(), grid)
  makeFolder(dirname(out), '--out')
  const unfinished = `${out}.part`
  const writer = openTapeWriter(unfinished, {
    version: 1,
    source: `vendor files: ${files.join(', ')}`,
    instruments: [instrument],
    attributes: { [syntheticKey]: 'false', vendor: 'tardis' },
  })
  const sequence = { last: 0, hasBook: false }
  let events = 0
  try {
    for await (const group of groupsOf(sources, { symbol, nowUs })) {
      for (const event of eventsOf(group, instrument, sequence)) {
        writer.append(event)
        events++
      }
      options.onRows?.(events)
      if (events % 1_024 === 0) await writer.drained()
    }
    await writer.close()
  } catch (error) {
    await writer.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  }
  await rename(unfinished, out)
  const isInverse = /deribit/.test(files.join(' '))
  const notes = isInverse
    ? [`${symbol} is an inverse contract: sizes are USD, so P&L on this tape means nothing`]
    : []
  return { path: out, events, symbol: instrument.symbol, notes }
}

async function openSource(file: string): Promise<Source> {
  const table = await openTable(file)
  const layout = layoutOf(table.columns)
  if (!layout || layout.kind === 'klines' || layout.kind === 'funding')
    throw new TradingError(
      'ROW_INVALID',
      `${file}, row 1: columns ${table.columns.slice(0, 6).join(', ')} … are not trades, quotes or a book`,
    )
  const rows = readTickRows(table, layout satisfies TickLayout)
  const first = await rows.next()
  if (first.done) throw new TradingError('ROW_INVALID', `${file}, row 2: the file has no rows`)
  return { file, rows, head: first.value }
}

type Group = { readonly file: string; readonly rows: readonly TickRow[] }

/** Merges the files by the time of receipt; the first file wins a tie. */
async function* groupsOf(
  sources: readonly Source[],
  expected: { readonly symbol: string; readonly nowUs: number },
): AsyncGenerator<Group> {
  const open = [...sources]
  while (open.length > 0) {
    let source = open[0] as Source
    for (const candidate of open)
      if (candidate.head.receiveTimeUs < source.head.receiveTimeUs) source = candidate
    const rows: TickRow[] = []
    const { receiveTimeUs } = source.head
    for (;;) {
      const row = source.head
      check(source.file, row, expected)
      rows.push(row)
      const next = await source.rows.next()
      if (next.done) {
        open.splice(open.indexOf(source), 1)
        break
      }
      if (next.value.receiveTimeUs < receiveTimeUs)
        throw new TradingError(
          'ROW_INVALID',
          `${source.file}, row ${next.value.row}: received ${receiveTimeUs - next.value.receiveTimeUs} µs before the row above it; sort the file`,
        )
      source.head = next.value
      if (next.value.receiveTimeUs !== receiveTimeUs) break
    }
    yield { file: source.file, rows }
  }
}

function check(
  file: string,
  row: TickRow,
  { symbol, nowUs }: { readonly symbol: string; readonly nowUs: number },
): void {
  const refuse = (what: string) =>
    new TradingError('ROW_INVALID', `${file}, row ${row.row}: ${what}`)
  if (row.symbol !== symbol) throw refuse(`${row.symbol} in a file of ${symbol}`)
  if (Math.max(row.receiveTimeUs, row.eventTimeUs) > nowUs) throw refuse('time is in the future')
}

type Sequence = { last: number; hasBook: boolean }

/** Trades and whole books one by one; changed levels of one message together. */
function* eventsOf(
  { file, rows }: Group,
  instrument: Instrument,
  sequence: Sequence,
): Generator<MarketEvent> {
  const levels: Extract<TickRow, { kind: 'level' }>[] = []
  for (const row of rows) {
    if (row.kind === 'level') levels.push(row)
    else yield located(file, row.row, () => eventOf(row, instrument, sequence))
  }
  const [first] = levels
  if (!first) return
  const isSnapshot = first.isSnapshot
  if (!isSnapshot && !sequence.hasBook)
    throw new TradingError(
      'ROW_INVALID',
      `${file}, row ${first.row}: the book changes before any snapshot; take the file from the start of its day`,
    )
  const side = (name: 'bid' | 'ask') =>
    levels.filter((row) => row.side === name && (!isSnapshot || Number(row.size) > 0))
  const packed = located(file, first.row, () =>
    packLevels(
      side('bid').map(({ price, size }) => [price, size] as const),
      side('ask').map(({ price, size }) => [price, size] as const),
      instrument,
    ),
  )
  const times = {
    eventTimeUs: first.eventTimeUs as Micros,
    receiveTimeUs: first.receiveTimeUs as Micros,
  }
  const sequencePrevious = sequence.last
  sequence.last++
  sequence.hasBook = true
  yield isSnapshot
    ? { kind: 'book-snapshot', instrumentId: 0, sequence: sequence.last, ...times, ...packed }
    : {
        kind: 'book-delta',
        instrumentId: 0,
        sequenceFirst: sequence.last,
        sequence: sequence.last,
        sequencePrevious,
        ...times,
        ...packed,
      }
}

function eventOf(
  row: Exclude<TickRow, { kind: 'level' }>,
  instrument: Instrument,
  sequence: Sequence,
): MarketEvent {
  const times = {
    instrumentId: 0,
    eventTimeUs: row.eventTimeUs as Micros,
    receiveTimeUs: row.receiveTimeUs as Micros,
  }
  if (row.kind === 'trade') {
    const tradeId = Number(row.id)
    if (!Number.isSafeInteger(tradeId) || row.id === '')
      throw new TradingError('ROW_INVALID', `trade id '${row.id}' is not a whole number`)
    return {
      kind: 'trade',
      ...times,
      tradeId,
      priceTicks: ticksFromDecimal(row.price, instrument.priceGrid),
      sizeLots: lotsFromDecimal(row.size, instrument.sizeGrid),
      aggressor: row.aggressor,
    }
  }
  sequence.last++
  sequence.hasBook = true
  return {
    kind: 'book-snapshot',
    ...times,
    sequence: sequence.last,
    ...packLevels(row.bids, row.asks, instrument),
  }
}

type TextLevel = readonly [price: string, size: string]

function packLevels(
  bids: readonly TextLevel[],
  asks: readonly TextLevel[],
  instrument: Instrument,
) {
  const levels = new Int32Array(2 * (bids.length + asks.length))
  for (const [index, [price, size]] of [...bids, ...asks].entries()) {
    const ticks: Ticks = ticksFromDecimal(price, instrument.priceGrid)
    const lots: Lots = lotsFromDecimal(size, instrument.sizeGrid)
    if (ticks > 0x7fff_ffff || lots > 0x7fff_ffff)
      throw new TradingError('NUMBER_TOO_LARGE', `level ${price} × ${size} does not fit 32 bits`)
    levels[2 * index] = ticks
    levels[2 * index + 1] = lots
  }
  return { levels, bidCount: bids.length, askCount: asks.length }
}

/** Faults of a row get the place they lack. */
function located<Result>(file: string, row: number, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TradingError)) throw error
    throw new TradingError(error.code, `${file}, row ${row}: ${error.message}`, {}, error)
  }
}
