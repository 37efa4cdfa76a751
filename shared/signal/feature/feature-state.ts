import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import type { MarketEvent, Timer } from '#shared/market/event.ts'
import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import type { Features } from './features.ts'
import {
  advanceIntensity,
  breakIntensity,
  createIntensityWindow,
  type IntensityConfig,
  type IntensityWindow,
  intensityConfig,
  observeIntensityMid,
  observeIntensityTrade,
} from './intensity.ts'
import { orderFlowLots, queueImbalance, type TopOfBook, weightedMidTicks } from './order-flow.ts'
import {
  advanceVolatility,
  breakVolatility,
  createVolatilityWindow,
  observeMid,
  type VolatilityConfig,
  type VolatilityWindow,
  volatilityConfig,
  volatilityTicks,
} from './volatility.ts'

/** The contract plus what models and reports read. Numbers change in place with every event. */
export type FeatureView = Features & {
  /** Mid weighted by the opposite best sizes, in ticks. */
  readonly weightedMidTicks: number | undefined
  /** Order flow imbalance summed over the last ten whole seconds, in lots. */
  readonly orderFlowLots: number | undefined
}

const flowSeconds = 10

/** All features of one instrument; the only feature code, for live, replay and training alike. */
export type FeatureState = {
  readonly instrumentId: InstrumentId
  readonly view: FeatureView
  readonly volatility: VolatilityWindow
  readonly intensity: IntensityWindow
  readonly before: TopOfBook
  readonly now: TopOfBook
  readonly flowBySecond: Float64Array
  flowSecond: number
  wasLive: boolean
}

export type FeatureConfig = {
  readonly volatility: VolatilityConfig
  readonly intensity: IntensityConfig
}

const featureConfig: FeatureConfig = {
  volatility: volatilityConfig,
  intensity: intensityConfig,
}

/**
 * Features of one instrument before its first event: all undefined.
 *
 * Warm-up with the standard config: volatility 15 s of live book; intensity 15 s and 20 arrivals, about 15 s at
 * five trades a second. Both use up to the last ten minutes.
 */
export const createFeatureState = (
  instrument: Instrument,
  config: FeatureConfig = featureConfig,
): FeatureState => ({
  instrumentId: instrument.id,
  view: {
    volatilityTicks: undefined,
    intensity: undefined,
    imbalance: undefined,
    weightedMidTicks: undefined,
    orderFlowLots: undefined,
  },
  volatility: createVolatilityWindow(config.volatility),
  intensity: createIntensityWindow(config.intensity),
  before: { bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 },
  now: { bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 },
  flowBySecond: new Float64Array(flowSeconds),
  flowSecond: 0,
  wasLive: false,
})

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Takes one event of the instrument, in order of receive time; allocates nothing. Times are receive times: what
 * was known when.
 *
 * While the book is not live every feature is undefined; history is kept, so they are back as soon as it is.
 *
 * @param book - the book after the event was applied
 */
export function updateFeatures(
  state: FeatureState,
  event: MarketEvent | Timer,
  book: BookView,
): void {
  const nowUs = event.receiveTimeUs
  if (!book.isLive) {
    if (state.wasLive) loseBook(state)
    return
  }
  advanceVolatility(state.volatility, nowUs)
  advanceIntensity(state.intensity, nowUs)
  advanceFlow(state, nowUs)
  if (event.kind === 'trade')
    observeIntensityTrade(state.intensity, event.priceTicks, event.aggressor)
  if (!state.wasLive || event.kind === 'book-delta' || event.kind === 'book-snapshot')
    observeBook(state, nowUs, book)
  publish(state)
}

function observeBook(state: FeatureState, nowUs: number, book: BookView): void {
  const { before, now } = state
  before.bidTicks = now.bidTicks
  before.bidLots = now.bidLots
  before.askTicks = now.askTicks
  before.askLots = now.askLots
  now.bidTicks = book.bestBidTicks
  now.bidLots = book.lotsAt('bid', book.bestBidTicks)
  now.askTicks = book.bestAskTicks
  now.askLots = book.lotsAt('ask', book.bestAskTicks)
  if (state.wasLive)
    state.flowBySecond[state.flowSecond % flowSeconds]! += orderFlowLots(before, now)
  state.wasLive = true

  const halfTicks = now.bidTicks + now.askTicks
  observeMid(state.volatility, nowUs, halfTicks)
  observeIntensityMid(state.intensity, nowUs, halfTicks)
}

/** Empties the buckets of the seconds that have begun since the last event. */
function advanceFlow(state: FeatureState, nowUs: number): void {
  const second = Math.floor(nowUs / microsPerSecond)
  const begun = Math.min(second - state.flowSecond, flowSeconds)
  for (let ago = 0; ago < begun; ago++) state.flowBySecond[(second - ago) % flowSeconds] = 0
  state.flowSecond = second
}

function loseBook(state: FeatureState): void {
  state.wasLive = false
  breakVolatility(state.volatility)
  breakIntensity(state.intensity)
  state.flowBySecond.fill(0)
  const view = state.view as Writable<FeatureView>
  view.volatilityTicks = undefined
  view.intensity = undefined
  view.imbalance = undefined
  view.weightedMidTicks = undefined
  view.orderFlowLots = undefined
}

function publish(state: FeatureState): void {
  const view = state.view as Writable<FeatureView>
  view.volatilityTicks = volatilityTicks(state.volatility)
  view.intensity = state.intensity.isFitted ? state.intensity.fit : undefined
  view.imbalance = queueImbalance(state.now)
  view.weightedMidTicks = weightedMidTicks(state.now)
  let flow = 0
  for (let bucket = 0; bucket < flowSeconds; bucket++) flow += state.flowBySecond[bucket]!
  view.orderFlowLots = flow
}
