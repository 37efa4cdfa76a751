import type {
  DecisionMessage,
  FillMessage,
  OrderMessage,
  PositionLine,
} from '#shared/cloud/message.ts'
import type { ConsoleState, TradeMessage } from '../state.ts'
import type { Precision } from './book.ts'
import { byId, type Cell, type Column, createTable, setText } from './dom.ts'
import {
  assetsOf,
  numberText,
  sideLetter,
  sideTone,
  signedText,
  signTone,
  strategyText,
  timeMsText,
  timeText,
} from './format.ts'

/** Digits of a symbol's prices and sizes. */
export type ReadPrecision = (symbol: string) => Precision

const rowsMax = 100
const units = 'price in quote, size in base'
const newestFirst = <T>(list: readonly T[], lengthMax = rowsMax): readonly T[] =>
  list.slice(-lengthMax).reverse()

const muted = (text: string): Cell => ({ text, tone: 'muted' })
const plain = (text: string): Cell => ({ text })
const price = (value: number, { price: decimals }: Precision): string => numberText(value, decimals)
const size = (value: number, { size: decimals }: Precision): string => numberText(value, decimals)

const strategyColumn = <T extends { readonly strategy: string }>(): Column<T> => ({
  header: 'Strategy',
  read: ({ strategy }) => ({ text: strategyText(strategy), title: strategy }),
})

const sideColumn = <T extends { readonly side: string }>(): Column<T> => ({
  header: 'Side',
  read: ({ side }) => ({ text: sideLetter(side), tone: sideTone(side), title: side }),
})

export function createTradesTable(): (state: ConsoleState, symbol: string, p: Precision) => void {
  let precision: Precision = { price: 0, size: 0 }
  let numbered = new WeakMap<TradeMessage, string>()
  let count = 0
  const keyOf = (trade: TradeMessage) => {
    const known = numbered.get(trade) ?? String(count++)
    numbered.set(trade, known)
    return known
  }
  const table = createTable<TradeMessage>(byId('trades'), {
    caption: 'Recent trades of the venue',
    keyOf,
    emptyText: 'no trades yet',
    columns: [
      { header: 'Time', read: ({ at }) => muted(timeText(at)) },
      {
        header: 'Price',
        isNumber: true,
        read: (trade) => ({ text: price(trade.price, precision), tone: sideTone(trade.aggressor) }),
      },
      { header: 'Size', isNumber: true, read: (trade) => plain(size(trade.size, precision)) },
      {
        header: 'Taker',
        read: ({ aggressor }) => ({ text: sideLetter(aggressor), tone: sideTone(aggressor) }),
      },
    ],
  })
  let drawnFor = ''
  return (state, symbol, next) => {
    const { base, quote } = assetsOf(symbol)
    setText(byId('trades-note'), `${quote}, ${base}, UTC`)
    const key = `${symbol} ${next.price} ${next.size}`
    if (drawnFor !== key) numbered = new WeakMap()
    drawnFor = key
    precision = next
    table.update(newestFirst(state.symbols[symbol]?.trades ?? [], 60))
  }
}

export function createPositionsTable(read: ReadPrecision): (state: ConsoleState) => void {
  const table = createTable<PositionLine>(byId('positions'), {
    caption: 'Open positions by strategy',
    keyOf: ({ strategy, symbol }) => `${strategy} ${symbol}`,
    strategyOf: ({ strategy }) => strategy,
    emptyText: 'no open positions',
    columns: [
      strategyColumn(),
      { header: 'Symbol', read: ({ symbol }) => plain(symbol) },
      {
        header: 'Position',
        isNumber: true,
        read: (line) => ({
          text: `${signedText(line.size, read(line.symbol).size)} ${assetsOf(line.symbol).base}`,
          tone: signTone(line.size),
        }),
      },
      { header: 'Entry', isNumber: true, read: (line) => priceOrNone(line, 'entryPrice', read) },
      { header: 'Mark', isNumber: true, read: (line) => priceOrNone(line, 'markPrice', read) },
      {
        header: 'Unrealised',
        isNumber: true,
        read: ({ unrealisedPnl }) =>
          unrealisedPnl === null
            ? muted('no mark')
            : { text: signedText(unrealisedPnl, 4), tone: signTone(unrealisedPnl) },
      },
    ],
  })
  return (state) => table.update(state.positions.filter((line) => line.size !== 0))
}

function priceOrNone(
  line: PositionLine,
  column: 'entryPrice' | 'markPrice',
  read: ReadPrecision,
): Cell {
  const value = line[column]
  return value === null ? muted('none') : plain(price(value, read(line.symbol)))
}

export function createOrdersTable(read: ReadPrecision): (state: ConsoleState) => void {
  const table = createTable<OrderMessage>(byId('orders'), {
    caption: 'Orders that may still fill',
    keyOf: (order) => order.client_order_id,
    strategyOf: ({ strategy }) => strategy,
    emptyText: 'no working orders',
    columns: [
      strategyColumn(),
      { header: 'Symbol', read: ({ symbol }) => plain(symbol) },
      sideColumn(),
      {
        header: 'Price',
        isNumber: true,
        read: (order) => ({
          text: price(order.price, read(order.symbol)),
          tone: sideTone(order.side),
        }),
      },
      {
        header: 'Filled / size',
        isNumber: true,
        read: (order) =>
          plain(
            `${size(order.filled_size, read(order.symbol))} / ${size(order.size, read(order.symbol))}`,
          ),
      },
      {
        header: 'State',
        read: (order) => ({
          text: order.state,
          tone: order.state === 'working' ? 'plain' : 'warn',
          title: order.reason,
        }),
      },
      { header: 'Since', read: ({ recorded_at }) => muted(timeText(recorded_at)) },
    ],
  })
  return (state) => {
    const orders = Object.values(state.workingOrders)
    orders.sort(
      (a, b) =>
        a.symbol.localeCompare(b.symbol) ||
        b.price - a.price ||
        a.client_order_id.localeCompare(b.client_order_id),
    )
    setText(byId('orders-note'), orders.length === 0 ? '' : `${orders.length}; ${units}`)
    table.update(orders.slice(0, 200))
  }
}

export function createFillsTable(read: ReadPrecision): (state: ConsoleState) => void {
  const table = createTable<FillMessage>(byId('fills'), {
    caption: 'Our fills, newest first',
    keyOf: (fill) => `${fill.run_id} ${fill.symbol} ${fill.trade_id} ${fill.client_order_id}`,
    strategyOf: ({ strategy }) => strategy,
    emptyText: 'no fills yet',
    columns: [
      { header: 'Time', read: (fill) => muted(timeText(fill.event_time)) },
      strategyColumn(),
      { header: 'Symbol', read: ({ symbol }) => plain(symbol) },
      sideColumn(),
      {
        header: 'Price',
        isNumber: true,
        read: (fill) => ({ text: price(fill.price, read(fill.symbol)), tone: sideTone(fill.side) }),
      },
      {
        header: 'Size',
        isNumber: true,
        read: (fill) => plain(size(fill.size, read(fill.symbol))),
      },
      { header: 'Role', read: ({ liquidity }) => muted(liquidity) },
      {
        header: 'Fee',
        isNumber: true,
        read: ({ fee }) => muted(numberText(Number(fee), 4)),
      },
      {
        header: 'Realised P&L',
        isNumber: true,
        read: (fill) => {
          const value = Number(fill.realised_pnl)
          return { text: signedText(value, 4), tone: signTone(value) }
        },
      },
    ],
  })
  return (state) => {
    const { length } = state.fills
    setText(
      byId('fills-note'),
      length === 0 ? '' : `last ${Math.min(length, rowsMax)}; ${units}; fee and P&L in quote`,
    )
    table.update(newestFirst(state.fills))
  }
}

export function createDecisionsTable(read: ReadPrecision): (state: ConsoleState) => void {
  const table = createTable<DecisionMessage>(byId('decisions'), {
    caption: 'Why orders were placed or refused, newest first',
    keyOf: ({ run_id, epoch, sequence }) => `${run_id} ${epoch} ${sequence}`,
    strategyOf: ({ strategy }) => strategy,
    emptyText: 'no decisions yet',
    columns: [
      { header: 'Time', read: ({ recorded_at }) => muted(timeMsText(recorded_at)) },
      strategyColumn(),
      { header: 'Symbol', read: ({ symbol }) => plain(symbol) },
      {
        header: 'Verdict',
        read: ({ verdict }) => ({ text: verdict, tone: verdict === 'placed' ? 'plain' : 'warn' }),
      },
      { header: 'Order', read: (decision) => orderCell(decision, read) },
      {
        header: 'Reason',
        read: ({ reason, inputs, event_kind }) => ({
          text: reason,
          more: `event: ${event_kind}\n${readableInputs(inputs)}`,
        }),
      },
    ],
  })
  return (state) => {
    const { length } = state.decisions
    setText(
      byId('decisions-note'),
      length === 0 ? '' : `last ${Math.min(length, rowsMax)}; size in base @ price in quote`,
    )
    table.update(newestFirst(state.decisions))
  }
}

function orderCell(decision: DecisionMessage, read: ReadPrecision): Cell {
  if (decision.side === null || decision.price === null || decision.size === null)
    return muted('none')
  const precision = read(decision.symbol)
  const text = `${sideLetter(decision.side)} ${size(decision.size, precision)} @ ${price(decision.price, precision)}`
  return { text, tone: sideTone(decision.side) }
}

/** One `name: value` a line; text that is not JSON is shown as it came. */
function readableInputs(inputs: string): string {
  try {
    const lines = Object.entries(JSON.parse(inputs) as Record<string, unknown>)
    return lines.map(([name, value]) => `${name}: ${String(value)}`).join('\n')
  } catch {
    return inputs
  }
}
