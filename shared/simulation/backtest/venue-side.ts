import { unreachable } from '#shared/kernel/error.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { AccountEvent, DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { markE8 } from '../account.ts'
import { createExchange, type Exchange } from '../exchange.ts'
import { isOpen, isRefusal, type OrderRequest, type SimulatedOrder } from '../order.ts'
import type { AccountUpdate, FundingSettlement, OrderUpdate } from '../state.ts'
import { cancelAll, cancelOrder, findOrder, placeOrder, setCountdown } from '../trading.ts'
import type { LatencyModel } from './latency.ts'
import { arrivalUs, enqueue, type TimedQueue } from './queue.ts'

/** The exchange of a backtest, seen from the trader's connection: intents go in, reports come out later. */
export type VenueSide = {
  readonly exchange: Exchange
  carryOut(intent: Intent): void
  /** A mark that the tape states; from then on the exchange invents none for that market. */
  noteMark(event: Extract<MarketEvent, { kind: 'mark-price' }>): void
  /** Time of the next settlement for which no rate has been told; Infinity when there is none. */
  unfundedUs(): number
  /** Settlements at which the tape had told no rate; charged as zero because that was allowed. */
  readonly waivedSettlements: number
  /** Markets for which the middle of the book stood in for the mark. */
  readonly inventedMarks: ReadonlySet<number>
  /** What the insurance fund paid into wallets that a liquidation had left below zero. */
  readonly insuranceE8: QuoteE8
}

export type VenueSideOptions = {
  readonly instruments: readonly Instrument[]
  /** First deposit by account id. */
  readonly walletsE8: readonly QuoteE8[]
  readonly startUs: Micros
  readonly latency: LatencyModel
  readonly responses: TimedQueue<AccountEvent>
  readonly feed: TimedQueue<DomainEvent>
  readonly onOrder: (update: OrderUpdate) => void
}

export function createVenueSide(options: VenueSideOptions): VenueSide {
  const { feed, instruments, latency, responses, startUs, walletsE8 } = options
  const hasRate = instruments.map(() => false)
  const inventedMarks = new Set<number>()
  let waivedSettlements = 0
  let settling: FundingSettlement | undefined
  let insuranceE8 = 0n

  const nowUs = (): number => exchange.state.nowUs
  const report = (body: AccountBody): void => {
    const sentUs = nowUs()
    const dueUs = arrivalUs(responses, sentUs + Math.round(latency.responseUs(sentUs)))
    const event = { ...body, eventTimeUs: sentUs, receiveTimeUs: dueUs } as AccountEvent
    enqueue(responses, dueUs, event)
  }

  const settle = (settlement: FundingSettlement): void => {
    settling = settlement
    if (!hasRate[settlement.instrumentId]) waivedSettlements++
  }

  const inventMark = (instrumentId: number): void => {
    const market = exchange.state.markets[instrumentId]!
    if (market.markPriceE8 !== undefined) return
    const mark = markE8(market)
    if (mark === undefined) return
    inventedMarks.add(instrumentId)
    const sentUs = nowUs() as Micros
    const receiveTimeUs = arrivalUs(feed, sentUs + Math.round(latency.feedUs(sentUs, sentUs)))
    enqueue(feed, receiveTimeUs, {
      kind: 'mark-price',
      eventTimeUs: sentUs,
      receiveTimeUs: receiveTimeUs as Micros,
      instrumentId,
      markPriceE8: mark,
      indexPriceE8: mark,
      fundingRate: 0,
      nextFundingTimeUs: market.nextFundingTimeUs ?? (0 as Micros),
    })
  }

  const exchange = createExchange({
    instruments,
    accounts: walletsE8.map((walletE8, index) => ({ name: `account ${index}`, walletE8 })),
    sources: [],
    startUs,
    sink: {
      level: () => {},
      trade: () => {},
      mark: inventMark,
      funding: settle,
      account: (update) => {
        if (update.reason === 'INSURANCE_CLEAR') insuranceE8 += update.balanceChangeE8
        payFunding(update, settling, exchange, report)
      },
      order: (update) => {
        tellOrder(update, report)
        options.onOrder(update)
      },
    },
  })
  // No rate is charged that the tape has not told.
  for (const market of exchange.state.markets) market.fundingRate = 0
  exchange.open()

  return {
    exchange,
    carryOut: (intent) => carryOut(exchange, instruments, intent, report),
    noteMark(event) {
      hasRate[event.instrumentId] = true
      const market = exchange.state.markets[event.instrumentId]!
      // The venue's own schedule wins over the interval: intervals differ by symbol and change.
      const isAhead = event.nextFundingTimeUs > exchange.state.nowUs
      if (market.fundingIntervalUs !== undefined && isAhead)
        market.nextFundingTimeUs = event.nextFundingTimeUs
    },
    unfundedUs: () =>
      exchange.state.markets.reduce(
        (least, { nextFundingTimeUs }, id) =>
          hasRate[id] ? least : Math.min(least, nextFundingTimeUs ?? least),
        Number.POSITIVE_INFINITY,
      ),
    get waivedSettlements() {
      return waivedSettlements
    },
    inventedMarks,
    get insuranceE8() {
      return insuranceE8
    },
  }
}

type WithoutTimes<Event> = Event extends unknown
  ? Omit<Event, 'eventTimeUs' | 'receiveTimeUs'>
  : never
type AccountBody = WithoutTimes<AccountEvent>
type Report = (body: AccountBody) => void

function carryOut(
  { state }: Exchange,
  instruments: readonly Instrument[],
  intent: Intent,
  report: Report,
): void {
  const id = intent.kind === 'place' ? intent.order.instrumentId : intent.instrumentId
  const { accountId } = instruments[id]!
  switch (intent.kind) {
    case 'place': {
      const { clientOrderId } = intent.order
      const request: OrderRequest = { ...intent.order, type: 'LIMIT' }
      const answer = placeOrder(state, accountId, request)
      if (isRefusal(answer))
        report({ kind: 'order-refused', clientOrderId, code: answer.code, reason: answer.message })
      return
    }
    case 'cancel': {
      const { clientOrderId } = intent
      const name = { instrumentId: id, clientOrderId, orderId: undefined }
      const answer = cancelOrder(state, accountId, name)
      if (isRefusal(answer))
        report({ kind: 'cancel-refused', clientOrderId, code: answer.code, reason: answer.message })
      return
    }
    case 'query': {
      const { clientOrderId } = intent
      const name = { instrumentId: id, clientOrderId, orderId: undefined }
      const order = findOrder(state, accountId, name)
      report({
        kind: 'order-report',
        clientOrderId,
        status: order ? statusOf(order) : 'absent',
        filledLots: (order?.filledLots ?? 0) as SimulatedOrder['sizeLots'],
      })
      return
    }
    case 'cancel-all':
      cancelAll(state, accountId, id)
      return
    case 'arm-dead-man':
      setCountdown(state, accountId, id, intent.countdownMs)
      return
    default:
      return unreachable(intent)
  }
}

function statusOf(order: SimulatedOrder): 'working' | 'filled' | 'canceled' | 'expired' {
  if (isOpen(order)) return 'working'
  if (order.status === 'FILLED') return 'filled'
  return order.status === 'CANCELED' ? 'canceled' : 'expired'
}

/** An order that is full is closed by its last fill; the venue's word for it would tell nothing new. */
function tellOrder({ execution, executionType, order }: OrderUpdate, report: Report): void {
  const { clientOrderId, orderId } = order
  switch (executionType) {
    case 'NEW':
      report({ kind: 'order-accepted', clientOrderId, venueOrderId: String(orderId) })
      return
    case 'TRADE':
    case 'CALCULATED': {
      if (!execution) return
      const { feeE8, instrumentId, isMaker, priceTicks, side, sizeLots, tradeId } = execution
      report({
        kind: 'fill',
        instrumentId,
        clientOrderId,
        venueOrderId: String(orderId),
        tradeId,
        side,
        priceTicks,
        sizeLots,
        liquidity: isMaker ? 'maker' : 'taker',
        feeE8,
        realisedPnlE8: execution.realisedPnlE8,
      })
      return
    }
    case 'CANCELED':
    case 'EXPIRED':
      report({
        kind: 'order-closed',
        clientOrderId,
        status: executionType === 'CANCELED' ? 'canceled' : 'expired',
        filledLots: order.filledLots as SimulatedOrder['sizeLots'],
      })
  }
}

function payFunding(
  update: AccountUpdate,
  settling: FundingSettlement | undefined,
  { state }: Exchange,
  report: Report,
): void {
  if (update.reason !== 'FUNDING_FEE' || update.balanceChangeE8 === 0n || !settling) return
  report({
    kind: 'funding-paid',
    instrumentId: settling.instrumentId,
    amountE8: update.balanceChangeE8,
    transactionId: state.nextTransactionId - 1,
  })
}
