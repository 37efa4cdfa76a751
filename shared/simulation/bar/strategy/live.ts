import type { Grid } from '#shared/kernel/decimal.ts'
import { type Lots, type Micros, microsPerDay, type Ticks } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import type { Fill, Timer } from '#shared/market/event.ts'
import { type Instrument, tickLotE8FromGrids } from '#shared/market/instrument.ts'
import {
  advanceVolatility,
  breakVolatility,
  createVolatilityWindow,
  observeMid,
  type VolatilityWindow,
  volatilityTicks,
} from '#shared/signal/feature/volatility.ts'
import type { Strategy, StrategyView, Wants } from '#shared/strategy/strategy.ts'
import type { BarInstrument } from '../state.ts'
import {
  type BarFill,
  type BarOrders,
  type BarStrategy,
  type BarView,
  slotsPerSymbol,
} from '../strategy.ts'

/** Fees, in the unit an instrument has them. */
export type LiveTerms = {
  readonly makerFeePpm: number
  readonly takerFeePpm: number
  readonly intervalUs: number
}

const sizeMax = 1e12
const volatilityBars = 168
const volatilityBarsMin = 24

/**
 * The instrument a live strategy sees, made from what bars tell.
 *
 * @throws TradingError INSTRUMENT_UNSUPPORTED when one tick times one lot is below 1e-8 quote
 */
export function instrumentFromBars(
  { symbol, ticksPerQuote, lotsPerBase, notionalQuoteMin }: BarInstrument,
  id: number,
  { makerFeePpm, takerFeePpm }: LiveTerms,
): Instrument {
  const priceGrid = gridOf(ticksPerQuote)
  const sizeGrid = gridOf(lotsPerBase)
  return {
    id,
    accountId: 0,
    symbol,
    baseAsset: symbol.replace(/(USDT|USDC|USD)$/, ''),
    quoteAsset: 'USDT',
    kind: 'perpetual',
    priceGrid,
    sizeGrid,
    tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, symbol),
    priceTicksMin: 1 as Ticks,
    priceTicksMax: sizeMax as Ticks,
    sizeLotsMin: 1 as Lots,
    sizeLotsMax: sizeMax as Lots,
    marketSizeLotsMin: 1 as Lots,
    marketSizeLotsMax: sizeMax as Lots,
    notionalE8Min: BigInt(Math.round(notionalQuoteMin * 1e8)),
    priceRatioMax: 1.05,
    priceRatioMin: 0.95,
    openOrdersMax: 200,
    makerFeePpm,
    takerFeePpm,
    fundingIntervalHours: undefined,
  }
}

const gridOf = (stepsPerUnit: number): Grid => ({
  decimals: Math.round(Math.log10(stepsPerUnit)),
  step: 1,
})

/**
 * Runs live strategies, one per symbol, on closed bars: the very code that trades.
 *
 * At each close it sees a book whose best bid is the close and whose best ask is one tick above, the fills of the bar,
 * and the volatility of up to 168 closes. Its quotes arrive at the next open. There are no marks, trades or depth, so
 * strategies that need them stay silent.
 */
export function barsFromLive(
  name: string,
  parameters: Readonly<Record<string, number | boolean>>,
  strategies: readonly Strategy[],
  instruments: readonly Instrument[],
  { intervalUs }: LiveTerms,
): BarStrategy {
  const stages = strategies.map((strategy, symbol) =>
    createStage(strategy, instruments[symbol] as Instrument, symbol, intervalUs),
  )
  const fills: BarFill[] = []
  return {
    name,
    parameters,
    onFill(fill) {
      fills.push(fill)
    },
    onBar(view, orders) {
      for (const stage of stages) if (view.hasBar(stage.symbol)) seeClose(stage, view, orders)
      for (const fill of fills) tellFill(stages[fill.symbol] as Stage, fill, view)
      fills.length = 0
      for (const stage of stages)
        if (view.hasBar(stage.symbol)) {
          stage.timer.eventTimeUs = view.nowUs()
          stage.timer.receiveTimeUs = view.nowUs()
          stage.strategy.on(stage.timer as Timer, stage.view, stage.wants)
        }
    },
  }
}

type Stage = {
  readonly symbol: number
  readonly strategy: Strategy
  readonly instrument: Instrument
  readonly window: VolatilityWindow
  readonly book: BookView & { bestBidTicks: number; bestAskTicks: number }
  readonly features: {
    volatilityTicks: number | undefined
    intensity: undefined
    imbalance: undefined
  }
  readonly timer: { kind: 'timer'; eventTimeUs: number; receiveTimeUs: number }
  readonly view: StrategyView
  readonly wants: Wants
  readonly seen: { bars: BarView | undefined; orders: BarOrders | undefined; tradeId: number }
  /** Price last asked for in each slot. */
  readonly askedTicks: Float64Array
}

function createStage(
  strategy: Strategy,
  instrument: Instrument,
  symbol: number,
  intervalUs: number,
): Stage {
  const askedTicks = new Float64Array(slotsPerSymbol)
  const seen: Stage['seen'] = { bars: undefined, orders: undefined, tradeId: 0 }
  const book: Stage['book'] = {
    isLive: true,
    bestBidTicks: 0,
    bestAskTicks: 0,
    sequence: 0,
    eventTimeUs: 0 as Micros,
    receiveTimeUs: 0 as Micros,
    lotsAt: () => 0,
    forEachLevel: () => {},
  }
  const features: Stage['features'] = {
    volatilityTicks: undefined,
    intensity: undefined,
    imbalance: undefined,
  }
  const ticksPerQuote = 10 ** instrument.priceGrid.decimals
  const lotsPerBase = 10 ** instrument.sizeGrid.decimals
  const inventory = (): number => Math.round((seen.bars?.positionBase(symbol) ?? 0) * lotsPerBase)
  return {
    symbol,
    strategy,
    instrument,
    window: createVolatilityWindow({
      stepUs: intervalUs,
      windowUs: Math.max(volatilityBars * intervalUs, microsPerDay),
      samplesMin: volatilityBarsMin,
      gapUsMax: 2 * intervalUs,
    }),
    book,
    features,
    timer: { kind: 'timer', eventTimeUs: 0, receiveTimeUs: 0 },
    seen,
    askedTicks,
    view: {
      get nowUs() {
        return (seen.bars?.nowUs() ?? 0) as Micros
      },
      get capitalE8() {
        const power = seen.bars?.buyingPowerQuote(symbol) ?? 0
        return BigInt(Math.floor(Math.max(0, power) * 1e8))
      },
      instrument: () => instrument,
      book: () => book,
      mark: () => undefined,
      features: () => features,
      inventoryLots: inventory,
      entryTicks: () => undefined,
    },
    wants: {
      quote(want) {
        askedTicks[want.slot] = want.priceTicks
        seen.orders?.limit({
          symbol,
          slot: want.slot,
          side: want.side,
          priceQuote: want.priceTicks / ticksPerQuote,
          sizeBase: want.sizeLots / lotsPerBase,
          isPostOnly: true,
        })
      },
      withdraw(_id, slot) {
        seen.orders?.cancel(symbol, slot)
      },
      target(want) {
        const lots = want.targetLots - inventory()
        if (lots !== 0) seen.orders?.market(symbol, lots / lotsPerBase)
      },
    },
  }
}

function seeClose(stage: Stage, view: BarView, orders: BarOrders): void {
  const { seen, window, book, features, symbol, instrument } = stage
  seen.bars = view
  seen.orders = orders
  const closeTicks = Math.round(view.close(symbol, 0) * 10 ** instrument.priceGrid.decimals)
  book.bestBidTicks = closeTicks
  book.bestAskTicks = closeTicks + 1
  const nowUs = view.nowUs()
  if (nowUs - window.lastSeenUs > window.config.gapUsMax) breakVolatility(window)
  observeMid(window, nowUs, 2 * closeTicks + 1)
  advanceVolatility(window, nowUs)
  features.volatilityTicks = volatilityTicks(window)
}

/** A fill at a better price than asked is told at the price asked, by which a strategy knows its orders. */
function tellFill(stage: Stage, fill: BarFill, view: BarView): void {
  const { instrument, strategy, seen, askedTicks } = stage
  const nowUs = view.nowUs() as Micros
  const filledTicks = Math.round(fill.priceQuote * 10 ** instrument.priceGrid.decimals)
  const priceTicks = fill.slot === undefined ? filledTicks : (askedTicks[fill.slot] as number)
  const event: Fill = {
    kind: 'fill',
    eventTimeUs: nowUs,
    receiveTimeUs: nowUs,
    instrumentId: instrument.id,
    clientOrderId: 'bar',
    venueOrderId: 'bar',
    tradeId: ++seen.tradeId,
    side: fill.side,
    priceTicks: priceTicks as Ticks,
    sizeLots: Math.round(fill.sizeBase * 10 ** instrument.sizeGrid.decimals) as Lots,
    liquidity: fill.liquidity,
    feeE8: 0n,
    realisedPnlE8: 0n,
  }
  strategy.on(event, stage.view, stage.wants)
}
