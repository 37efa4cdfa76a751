import type {
  DecisionMessage,
  EquityMessage,
  EquityRow,
  FillMessage,
  FundingMessage,
  MarketMessage,
  OrderMessage,
  PositionLine,
  PredictionMessage,
  StatusMessage,
  TradingState,
} from '#shared/cloud/message.ts'
import { addTradeToCandles, type ConsoleCandle } from './candle.ts'
import {
  addEquityPoints,
  breakEquityCurve,
  type EquityCurve,
  emptyEquityCurve,
} from './equity-curve.ts'

/** What the console remembers; nothing in it grows without an end. */
export const stateLimits = {
  symbolsMax: 64,
  tradesMax: 500,
  candlesMax: 500,
  fillsMax: 500,
  workingOrdersMax: 1_000,
  closedOrdersMax: 200,
  decisionsMax: 500,
  fundingPaymentsMax: 200,
  equityPointsMax: 3_600,
} as const

export type BookMessage = Extract<MarketMessage, { kind: 'book' }>
export type TradeMessage = Extract<MarketMessage, { kind: 'trade' }>
export type MarkMessage = Extract<MarketMessage, { kind: 'mark' }>

export type SymbolState = {
  book?: BookMessage
  mark?: MarkMessage
  /** Known once a funding scan has been stored. */
  fundingIntervalHours?: number
  readonly trades: TradeMessage[]
  readonly candles5s: ConsoleCandle[]
  readonly candles1m: ConsoleCandle[]
}

/** Everything a page shows, as plain JSON. Lists are oldest first. */
export type ConsoleState = {
  runId?: string
  trading?: TradingState
  readonly symbols: Record<string, SymbolState>
  readonly workingOrders: Record<string, OrderMessage>
  readonly closedOrders: OrderMessage[]
  readonly fills: FillMessage[]
  readonly decisions: DecisionMessage[]
  readonly fundingPayments: FundingMessage[]
  /** Newest row of each strategy and of `total`. */
  equityRows: readonly EquityRow[]
  /** Last `total` row of the UTC day before; absent while the run has not crossed midnight. */
  dayOpen?: EquityRow
  readonly equityCurve: EquityCurve
  positions: readonly PositionLine[]
  /** The promoted model; absent while the console has not looked for one. */
  model?: ModelState
  /** Newest answer of the model by symbol. */
  readonly predictions: Record<string, PredictionMessage>
  readonly services: Record<string, StatusMessage>
}

/** What people should know of the promoted model before they look at its answers. */
export type ModelState =
  | { readonly kind: 'none' }
  /** It is promoted but cannot be read. */
  | { readonly kind: 'broken'; readonly problem: string }
  | {
      readonly kind: 'promoted'
      readonly modelId: string
      readonly promotedBy: string
      readonly promotedAtUs: number
      readonly trainedAtUs: number
      readonly horizonSeconds: number
      readonly flatBandBps: number
      readonly isInvented: boolean
      /** Shares of the last rows in time, which it never saw: its own, and of always saying the most frequent class. */
      readonly accuracy: number
      readonly majorityAccuracy: number
      /** Of always saying the class that was most frequent in those rows; known only in hindsight. */
      readonly bestConstantAccuracy?: number
      readonly accuracyStandardError: number
      readonly testRows: number
    }

/** What a page receives after its first state, in order. */
export type ConsoleMessage =
  | { readonly topic: 'orders'; readonly message: OrderMessage }
  | { readonly topic: 'fills'; readonly message: FillMessage }
  | { readonly topic: 'decisions'; readonly message: DecisionMessage }
  | { readonly topic: 'equity'; readonly message: EquityMessage }
  | { readonly topic: 'market'; readonly message: MarketMessage }
  | { readonly topic: 'funding'; readonly message: FundingMessage }
  | { readonly topic: 'status'; readonly message: StatusMessage }
  | { readonly topic: 'predictions'; readonly message: PredictionMessage }
  | { readonly topic: 'model'; readonly message: ModelState }
  | { readonly topic: 'funding-intervals'; readonly message: Readonly<Record<string, number>> }

/** Bus topics that change the state. */
export const watchedTopics = [
  'orders',
  'fills',
  'decisions',
  'equity',
  'market',
  'funding',
  'status',
  'predictions',
] as const

export const emptyState = (): ConsoleState => ({
  symbols: {},
  workingOrders: {},
  closedOrders: [],
  fills: [],
  decisions: [],
  fundingPayments: [],
  equityRows: [],
  equityCurve: emptyEquityCurve(),
  positions: [],
  predictions: {},
  services: {},
})

/** The state after one message, in place. Server and page both run this, so they cannot disagree. */
export function applyMessage(state: ConsoleState, { topic, message }: ConsoleMessage): void {
  switch (topic) {
    case 'market':
      return applyMarket(state, message)
    case 'orders':
      noteRun(state, message.run_id)
      return applyOrder(state, message)
    case 'fills':
      noteRun(state, message.run_id)
      return pushBounded(state.fills, message, stateLimits.fillsMax)
    case 'decisions':
      noteRun(state, message.run_id)
      return pushBounded(state.decisions, message, stateLimits.decisionsMax)
    case 'equity':
      return applyEquity(state, message)
    case 'funding':
      return pushBounded(state.fundingPayments, message, stateLimits.fundingPaymentsMax)
    case 'status':
      state.services[message.service] = message
      return
    case 'predictions':
      noteRun(state, message.run_id)
      return applyPrediction(state, message)
    case 'model':
      state.model = message
      return
    case 'funding-intervals':
      for (const [symbol, hours] of Object.entries(message))
        if (state.symbols[symbol]) state.symbols[symbol].fundingIntervalHours = hours
  }
}

const openStates = new Set(['pending', 'working', 'canceling', 'unknown'])

/** Whether an order of this state may still fill; an unknown one may. */
const isOpenState = (orderState: string): boolean => openStates.has(orderState)

/** A new run starts without orders or positions of its own; facts that were reported stay facts. */
function noteRun(state: ConsoleState, runId: string): void {
  if (state.runId === runId) return
  if (state.runId !== undefined) {
    for (const id of Object.keys(state.workingOrders)) delete state.workingOrders[id]
    state.positions = []
    state.equityRows = []
    for (const symbol of Object.keys(state.predictions)) delete state.predictions[symbol]
    delete state.dayOpen
    delete state.trading
    breakEquityCurve(state.equityCurve)
  }
  state.runId = runId
}

function applyOrder(state: ConsoleState, order: OrderMessage): void {
  const id = order.client_order_id
  if (isOpenState(order.state)) {
    // Replies and the user stream race: an order that has ended stays ended.
    if (state.closedOrders.some((closed) => closed.client_order_id === id)) return
    state.workingOrders[id] = order
    const ids = Object.keys(state.workingOrders)
    if (ids.length > stateLimits.workingOrdersMax) delete state.workingOrders[ids[0]!]
    return
  }
  delete state.workingOrders[id]
  pushBounded(state.closedOrders, order, stateLimits.closedOrdersMax)
}

function applyEquity(state: ConsoleState, message: EquityMessage): void {
  const first = message.rows[0]
  if (first) noteRun(state, first.run_id)
  const total = totalOf(message.rows)
  const before = totalOf(state.equityRows)
  if (total && before && utcDay(total.recorded_at) !== utcDay(before.recorded_at))
    state.dayOpen = before
  state.equityRows = message.rows
  state.positions = message.positions
  state.trading = message.trading
  if (!first) return
  const points = message.rows.map((row) => ({
    strategy: row.strategy,
    equity: Number(row.equity),
    pnl: Number(row.pnl),
  }))
  addEquityPoints(state.equityCurve, first.recorded_at / 1e6, points, stateLimits.equityPointsMax)
}

export const totalOf = (rows: readonly EquityRow[]): EquityRow | undefined =>
  rows.find(({ strategy }) => strategy === 'total')

const utcDay = (atUs: number): number => Math.floor(atUs / 86_400e6)

function applyPrediction(state: ConsoleState, message: PredictionMessage): void {
  const { predictions } = state
  const isKnown = Object.hasOwn(predictions, message.symbol)
  if (!isKnown && Object.keys(predictions).length >= stateLimits.symbolsMax) return
  predictions[message.symbol] = message
}

function applyMarket(state: ConsoleState, message: MarketMessage): void {
  let symbol = state.symbols[message.symbol]
  if (!symbol) {
    if (Object.keys(state.symbols).length >= stateLimits.symbolsMax) return
    symbol = { trades: [], candles5s: [], candles1m: [] }
    state.symbols[message.symbol] = symbol
  }
  switch (message.kind) {
    case 'book':
      symbol.book = message
      return
    case 'mark':
      symbol.mark = message
      return
    case 'trade': {
      pushBounded(symbol.trades, message, stateLimits.tradesMax)
      const print = { atUs: message.at, price: message.price, size: message.size }
      addTradeToCandles(symbol.candles5s, print, 5, stateLimits.candlesMax)
      addTradeToCandles(symbol.candles1m, print, 60, stateLimits.candlesMax)
    }
  }
}

function pushBounded<T>(list: T[], item: T, lengthMax: number): void {
  list.push(item)
  if (list.length > lengthMax) list.splice(0, list.length - lengthMax)
}
