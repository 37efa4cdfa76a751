import { gridFromStep } from '#shared/kernel/decimal.ts'
import { type Lots, type Micros, microsPerHour, type Ticks } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { type Instrument, type Side, tickLotE8FromGrids } from '#shared/market/instrument.ts'
import { createExchange, type Exchange } from './exchange.ts'
import type { OrderRequest } from './order.ts'
import type {
  AccountUpdate,
  ExchangeSink,
  FundingSettlement,
  OrderUpdate,
  PublicTrade,
} from './state.ts'

const priceGrid = gridFromStep('0.1')
const sizeGrid = gridFromStep('0.001')

export const startUs = 1_790_000_000_000_000 as Micros

/** A market at about 1000.0 quote: 10,000 ticks. One lot is about 1 quote. */
export const testInstrument: Instrument = {
  id: 0,
  accountId: 0,
  symbol: 'BTCUSDT',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  kind: 'perpetual',
  priceGrid,
  sizeGrid,
  tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, 'BTCUSDT'),
  priceTicksMin: 1 as Ticks,
  priceTicksMax: 1_000_000 as Ticks,
  sizeLotsMin: 1 as Lots,
  sizeLotsMax: 1_000_000 as Lots,
  marketSizeLotsMin: 1 as Lots,
  marketSizeLotsMax: 100_000 as Lots,
  notionalE8Min: 500_000_000n,
  priceRatioMax: 1.05,
  priceRatioMin: 0.95,
  openOrdersMax: 200,
  makerFeePpm: 100,
  takerFeePpm: 350,
  fundingIntervalHours: 8,
}

export type Heard = {
  readonly orders: OrderUpdate[]
  readonly accounts: AccountUpdate[]
  readonly trades: PublicTrade[]
  readonly settlements: FundingSettlement[]
}

export type World = {
  readonly exchange: Exchange
  readonly heard: Heard
  /** Lets the outside world do something, one microsecond after what it did before. */
  outside(event: Outside): void
}

type Pairs = readonly (readonly [priceTicks: number, sizeLots: number])[]
export type Outside =
  | { readonly book: { readonly bids?: Pairs; readonly asks?: Pairs } }
  | { readonly trade: readonly [aggressor: Side, priceTicks: number, sizeLots: number] }
  | { readonly markTicks: number; readonly fundingRate?: number }

/** Between settlements of the test market: short, so that tests need not live through eight hours. */
export const fundingIntervalUs = 30_000_000

/** An exchange with two accounts and one market whose outside world is scripted. */
export function createWorld(options: { walletE8?: bigint; instrument?: Instrument } = {}): World {
  const { walletE8 = 10_000_00000000n, instrument = testInstrument } = options
  const heard: Heard = { orders: [], accounts: [], trades: [], settlements: [] }
  const sink: ExchangeSink = {
    level: () => undefined,
    mark: () => undefined,
    trade: (trade) => heard.trades.push(trade),
    funding: (settlement) => heard.settlements.push(settlement),
    order: (update) => heard.orders.push({ ...update, order: { ...update.order } }),
    account: (update) => heard.accounts.push(update),
  }
  const queue: MarketEvent[] = []
  const exchange = createExchange({
    instruments: [instrument],
    accounts: [
      { name: 'a', walletE8 },
      { name: 'b', walletE8 },
    ],
    sources: [
      {
        nextTimeUs: () => queue[0]?.eventTimeUs,
        advance: (untilUs, emit) => {
          while (queue[0] && queue[0].eventTimeUs <= untilUs) emit(queue.shift() as MarketEvent)
        },
      },
    ],
    startUs,
    sink,
    fundingIntervalHours: fundingIntervalUs / microsPerHour,
  })
  exchange.open()
  return {
    exchange,
    heard,
    outside: (event) => {
      const timeUs = (exchange.state.nowUs + 1) as Micros
      queue.push(eventOf(event, timeUs))
      exchange.advance(timeUs)
    },
  }
}

function eventOf(event: Outside, timeUs: Micros): MarketEvent {
  const common = { instrumentId: 0, eventTimeUs: timeUs, receiveTimeUs: timeUs }
  if ('book' in event) {
    const { bids = [], asks = [] } = event.book
    return {
      kind: 'book-delta',
      ...common,
      levels: Int32Array.from([...bids, ...asks].flat()),
      bidCount: bids.length,
      askCount: asks.length,
      sequence: 1,
      sequenceFirst: 1,
      sequencePrevious: 0,
    }
  }
  if ('trade' in event) {
    const [aggressor, priceTicks, sizeLots] = event.trade
    return {
      kind: 'trade',
      ...common,
      tradeId: 1,
      priceTicks: priceTicks as Ticks,
      sizeLots: sizeLots as Lots,
      aggressor,
    }
  }
  const priceE8 = event.markTicks * 10_000_000
  return {
    kind: 'mark-price',
    ...common,
    markPriceE8: priceE8,
    indexPriceE8: priceE8,
    fundingRate: event.fundingRate ?? 0.0001,
    nextFundingTimeUs: 0 as Micros,
  }
}

/** A limit order of the test market; GTC unless said otherwise. */
export const limitOrder = (
  side: Side,
  priceTicks: number,
  sizeLots: number,
  rest: Partial<OrderRequest> = {},
): OrderRequest => ({
  instrumentId: 0,
  side,
  type: 'LIMIT',
  timeInForce: 'GTC',
  priceTicks: priceTicks as Ticks,
  sizeLots: sizeLots as Lots,
  reduceOnly: false,
  clientOrderId: undefined,
  ...rest,
})

export const marketOrder = (
  side: Side,
  sizeLots: number,
  rest: Partial<OrderRequest> = {},
): OrderRequest => limitOrder(side, 0, sizeLots, { type: 'MARKET', ...rest })
