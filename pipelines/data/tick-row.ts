import { TradingError } from '#shared/kernel/error.ts'
import type { Layout } from './layout.ts'
import type { Cell, Table } from './table.ts'
import { readTimeText } from './time-text.ts'

/** One row of a table of ticks; prices and sizes stay text until a grid is known. */
export type TickRow = {
  readonly row: number
  readonly symbol: string
  /** The venue's clock. */
  readonly eventTimeUs: number
  /** The recorder's clock; the venue's where nobody recorded one. */
  readonly receiveTimeUs: number
} & (
  | {
      readonly kind: 'trade'
      readonly id: string
      readonly aggressor: 'buy' | 'sell'
      readonly price: string
      readonly size: string
    }
  | {
      /** Best first; the whole book as far as it is known. */
      readonly kind: 'book'
      readonly bids: readonly (readonly [price: string, size: string])[]
      readonly asks: readonly (readonly [price: string, size: string])[]
    }
  | {
      readonly kind: 'level'
      readonly isSnapshot: boolean
      readonly side: 'bid' | 'ask'
      readonly price: string
      /** `0` deletes the level. */
      readonly size: string
    }
)

export type TickLayout = Extract<
  Layout,
  { kind: 'trades' | 'quotes' | 'depth' | 'depth-snapshots' | 'venue-trades' }
>

/**
 * Reads ticks.
 *
 * @throws TradingError ROW_INVALID naming file and row
 * @see https://docs.tardis.dev/downloadable-csv-files for the layouts of Tardis.dev
 */
export async function* readTickRows(table: Table, layout: TickLayout): AsyncGenerator<TickRow> {
  const place = new Map(table.columns.map((name, index) => [name, index]))
  const levels = table.columns.filter((name) => /^asks\[\d+\]\.price$/.test(name)).length
  for await (const batch of table.batches)
    for (const [index, cells] of batch.rows.entries()) {
      const row = batch.firstRow + index
      const text = (name: string): string => cellText(cells[place.get(name) as number])
      const refuse = (what: string): TradingError =>
        new TradingError('ROW_INVALID', `${table.path}, row ${row}: ${what}`)
      const time = (name: string): number => {
        const read = readTimeText(text(name))
        if (!read) throw refuse(`${name} '${text(name)}' is not a time`)
        return read.timeUs
      }
      const decimal = (name: string): string => {
        const value = text(name)
        if (!/^\d+(\.\d+)?$/.test(value)) throw refuse(`${name} '${value}' is not a plain number`)
        return value
      }
      const choice = <Word extends string>(name: string, words: readonly Word[]): Word => {
        const found = words.find((word) => word === text(name))
        if (found === undefined)
          throw refuse(`${name} '${text(name)}' is not ${words.join(' or ')}`)
        return found
      }
      const eventTimeUs = time('timestamp')
      const timed = {
        row,
        symbol: place.has('symbol') ? text('symbol') : '',
        eventTimeUs,
        receiveTimeUs: place.has('local_timestamp') ? time('local_timestamp') : eventTimeUs,
      }
      const sided = (side: 'bids' | 'asks') =>
        Array.from({ length: levels }, (_, level) => `${side}[${level}]`)
          .filter((name) => text(`${name}.price`) !== '')
          .map((name) => [decimal(`${name}.price`), decimal(`${name}.amount`)] as const)
      switch (layout.kind) {
        case 'trades':
          yield {
            ...timed,
            kind: 'trade',
            id: text('id'),
            aggressor: choice('side', ['buy', 'sell']),
            price: decimal('price'),
            size: decimal('amount'),
          }
          break
        case 'venue-trades':
          yield {
            ...timed,
            kind: 'trade',
            id: text('trade_id'),
            aggressor: choice('aggressor', ['buy', 'sell']),
            price: text('price'),
            size: text('size'),
          }
          break
        case 'quotes':
          yield {
            ...timed,
            kind: 'book',
            bids: [[decimal('bid_price'), decimal('bid_amount')]],
            asks: [[decimal('ask_price'), decimal('ask_amount')]],
          }
          break
        case 'depth-snapshots':
          yield { ...timed, kind: 'book', bids: sided('bids'), asks: sided('asks') }
          break
        case 'depth':
          yield {
            ...timed,
            kind: 'level',
            isSnapshot: choice('is_snapshot', ['true', 'false']) === 'true',
            side: choice('side', ['bid', 'ask']),
            price: decimal('price'),
            size: decimal('amount'),
          }
          break
      }
    }
}

const cellText = (cell: Cell): string => (cell === undefined ? '' : String(cell))
