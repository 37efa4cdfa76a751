import type {
  DecisionMessage,
  EquityMessage,
  EquityRow,
  FillMessage,
  FundingMessage,
  MarketMessage,
  OrderMessage,
  PositionLine,
} from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import { decimalFromQuoteE8, quoteFromE8 } from '#shared/kernel/decimal.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { DomainEvent, Fill } from '#shared/market/event.ts'
import { baseFromLots, quoteFromTicks } from '#shared/market/instrument.ts'
import type { Decision } from '#shared/trading/engine/decision.ts'
import {
  instrumentOf,
  markPriceE8,
  type TraderOutput,
  type TraderState,
} from '#shared/trading/engine/trader.ts'
import { equityE8, unassigned } from '#shared/trading/ledger/ledger.ts'
import { markValueE8, splitPnl } from '#shared/trading/ledger/sub-book.ts'
import type { DeskOrder } from '#shared/trading/order/desk.ts'

const bookEveryUs = 200 * microsPerMilli
const equityEveryUs = microsPerSecond
const levelsShown = 20

export type Publisher = {
  /** Tells the bus what one event and its step changed. */
  tell(event: DomainEvent, out: TraderOutput): void
}

/**
 * Turns what the trader did into messages for the warehouse and for people. Reads the trader, never changes it.
 * Books and equity are thinned; orders, fills, decisions and funding are complete.
 */
export function createPublisher(
  bus: Bus,
  state: TraderState,
  run: { readonly runId: string; readonly mode: 'paper' | 'live' },
): Publisher {
  const bookToldUs = state.config.instruments.map(() => 0)
  let equityToldUs = 0

  const tellMarket = (event: DomainEvent) => {
    if (
      event.kind === 'book-delta' ||
      event.kind === 'book-snapshot' ||
      event.kind === 'book-lost'
    ) {
      const id = event.instrumentId
      if (state.nowUs - bookToldUs[id]! < bookEveryUs && event.kind !== 'book-lost') return
      bookToldUs[id] = state.nowUs
      publish(bus, 'market', bookMessage(state, id))
    } else if (event.kind === 'trade') {
      const instrument = instrumentOf(state, event.instrumentId)
      publish<MarketMessage>(bus, 'market', {
        kind: 'trade',
        symbol: instrument.symbol,
        at: event.eventTimeUs,
        price: quoteFromTicks(instrument, event.priceTicks),
        size: baseFromLots(instrument, event.sizeLots),
        aggressor: event.aggressor,
      })
    } else if (event.kind === 'mark-price') {
      publish<MarketMessage>(bus, 'market', {
        kind: 'mark',
        symbol: instrumentOf(state, event.instrumentId).symbol,
        at: event.eventTimeUs,
        markPrice: event.markPriceE8 / 1e8,
        indexPrice: event.indexPriceE8 / 1e8,
        fundingRate: event.fundingRate,
        nextFundingAt: event.nextFundingTimeUs,
      })
    }
  }

  return {
    tell(event, out) {
      tellMarket(event)
      if (event.kind === 'fill') publish(bus, 'fills', fillMessage(state, event, run.runId))
      if (event.kind === 'funding-paid')
        publish<FundingMessage>(bus, 'funding', {
          run_id: run.runId,
          symbol: instrumentOf(state, event.instrumentId).symbol,
          transaction_id: event.transactionId,
          amount: decimalFromQuoteE8(event.amountE8),
          recorded_at: event.eventTimeUs,
        })
      for (const entry of out.orderChanges)
        publish(bus, 'orders', orderMessage(state, entry, run.runId))
      for (const decision of out.decisions)
        publish(bus, 'decisions', decisionMessage(state, decision, run.runId))
      if (state.nowUs - equityToldUs < equityEveryUs && out.decisions.every(isRoutine)) return
      equityToldUs = state.nowUs
      const equity = equityMessage(state, run)
      if (!equity) return
      publish(bus, 'equity', equity)
      for (const row of equity.rows) publish(bus, 'equity-rows', row)
    },
  }
}

const isRoutine = ({ verdict }: Decision): boolean => verdict === 'placed' || verdict === 'refused'

const publish = <Shape extends object>(bus: Bus, topic: string, message: Shape): void =>
  bus.publish(topic, message as unknown as Message)

function bookMessage(state: TraderState, id: number): MarketMessage {
  const instrument = instrumentOf(state, id)
  const book = state.books[id]!
  const side = (which: 'bid' | 'ask') => {
    const levels: [number, number][] = []
    if (book.isLive)
      book.forEachLevel(which, levelsShown, (ticks, lots) => {
        levels.push([quoteFromTicks(instrument, ticks), baseFromLots(instrument, lots)])
      })
    return levels
  }
  return {
    kind: 'book',
    symbol: instrument.symbol,
    at: state.nowUs,
    isLive: book.isLive,
    bids: side('bid'),
    asks: side('ask'),
  }
}

function orderMessage(state: TraderState, entry: DeskOrder, runId: string): OrderMessage {
  const { order } = entry
  const instrument = instrumentOf(state, order.instrumentId)
  return {
    run_id: runId,
    client_order_id: order.clientOrderId,
    strategy: order.strategy,
    symbol: instrument.symbol,
    side: order.side,
    time_in_force: order.timeInForce,
    price: quoteFromTicks(instrument, order.priceTicks),
    size: baseFromLots(instrument, order.sizeLots),
    filled_size: baseFromLots(instrument, entry.filledLots),
    state: entry.state,
    reason: entry.reason,
    recorded_at: state.nowUs,
  }
}

function fillMessage(state: TraderState, fill: Fill, runId: string): FillMessage {
  const instrument = instrumentOf(state, fill.instrumentId)
  const book = state.books[fill.instrumentId]!
  return {
    run_id: runId,
    trade_id: fill.tradeId,
    client_order_id: fill.clientOrderId,
    strategy: state.ownerByOrder.get(fill.clientOrderId) ?? unassigned,
    symbol: instrument.symbol,
    side: fill.side,
    price: quoteFromTicks(instrument, fill.priceTicks),
    size: baseFromLots(instrument, fill.sizeLots),
    liquidity: fill.liquidity,
    fee: decimalFromQuoteE8(fill.feeE8),
    realised_pnl: decimalFromQuoteE8(fill.realisedPnlE8),
    mid: book.isLive
      ? quoteFromTicks(instrument, (book.bestBidTicks + book.bestAskTicks) / 2)
      : null,
    event_time: fill.eventTimeUs,
    receive_time: fill.receiveTimeUs,
  }
}

function decisionMessage(state: TraderState, decision: Decision, runId: string): DecisionMessage {
  const { instrumentId, priceTicks, sizeLots } = decision
  const instrument = instrumentId === undefined ? undefined : instrumentOf(state, instrumentId)
  return {
    run_id: runId,
    epoch: state.config.epoch,
    sequence: decision.sequence,
    recorded_at: decision.atUs,
    strategy: decision.strategy,
    symbol: instrument?.symbol ?? '',
    verdict: decision.verdict,
    reason: decision.reason,
    client_order_id: decision.clientOrderId ?? null,
    event_kind: decision.eventKind,
    side: decision.side ?? null,
    price: instrument && priceTicks !== undefined ? quoteFromTicks(instrument, priceTicks) : null,
    size: instrument && sizeLots !== undefined ? baseFromLots(instrument, sizeLots) : null,
    inputs: JSON.stringify(decision.inputs),
  }
}

/**
 * Undefined while equity cannot be known: no row is better than a wrong one. Wallets are told before positions, so
 * before the start an account looks as if it held none.
 */
function equityMessage(
  state: TraderState,
  { runId, mode }: { runId: string; mode: 'paper' | 'live' },
): EquityMessage | undefined {
  if (!state.isStarted) return undefined
  const totalE8 = equityE8(state.ledger, (id) => markPriceE8(state, id))
  if (totalE8 === undefined) return undefined
  const rows: EquityRow[] = []
  const positions: PositionLine[] = []
  const sum = { pnl: 0n, spread: 0n, price: 0n, fees: 0n, funding: 0n }
  const names = new Set([
    ...state.seats.map(({ strategy }) => strategy.name),
    ...state.ledger.subBooks.keys(),
  ])
  const row = (strategy: string, equity: bigint, split: typeof sum): EquityRow => ({
    run_id: runId,
    epoch: state.config.epoch,
    strategy,
    recorded_at: state.nowUs,
    equity: decimalFromQuoteE8(equity),
    pnl: decimalFromQuoteE8(split.pnl),
    spread_pnl: decimalFromQuoteE8(split.spread),
    price_pnl: decimalFromQuoteE8(split.price),
    fees: decimalFromQuoteE8(split.fees),
    funding: decimalFromQuoteE8(split.funding),
  })
  for (const name of names) {
    const own = { pnl: 0n, spread: 0n, price: 0n, fees: 0n, funding: 0n }
    for (const [id, book] of state.ledger.subBooks.get(name) ?? []) {
      const mark = markPriceE8(state, id)
      if (book.position.lots !== 0 && mark === undefined) return undefined
      const split = splitPnl(book, mark)
      own.pnl += split.pnlE8
      own.spread += split.spreadE8
      own.price += split.priceE8
      own.fees += split.feesE8
      own.funding += split.fundingE8
      positions.push(positionLine(state, name, id, book))
    }
    sum.pnl += own.pnl
    sum.spread += own.spread
    sum.price += own.price
    sum.fees += own.fees
    sum.funding += own.funding
    const capitalE8 = state.seats.find(({ strategy }) => strategy.name === name)?.capitalE8 ?? 0n
    rows.push(row(name, capitalE8, own))
  }
  rows.push(row('total', totalE8, sum))
  return {
    rows,
    positions,
    trading: {
      mode,
      isKilled: state.killedBecause !== undefined,
      reason: state.killedBecause ?? '',
      workingOrders: state.desk.open.size,
      limits: { current: state.limits, ceiling: state.config.limits },
    },
  }
}

function positionLine(
  state: TraderState,
  strategy: string,
  id: number,
  {
    instrument,
    position,
  }: { instrument: ReturnType<typeof instrumentOf>; position: { lots: number; costE8: bigint } },
): PositionLine {
  const mark = markPriceE8(state, id)
  const size = baseFromLots(instrument, position.lots)
  return {
    strategy,
    symbol: instrument.symbol,
    size,
    entryPrice: position.lots === 0 ? null : quoteFromE8(position.costE8) / size,
    markPrice: mark === undefined ? null : mark / 1e8,
    unrealisedPnl:
      mark === undefined
        ? null
        : quoteFromE8(markValueE8(instrument, position.lots, mark) - position.costE8),
  }
}
