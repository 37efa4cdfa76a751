import { microsPerSecond } from '#shared/kernel/unit.ts'
import { type BookView, midTicks } from '#shared/market/book-view.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { type Instrument, signOf } from '#shared/market/instrument.ts'
import { createFeatureState, type FeatureState, updateFeatures } from './feature-state.ts'
import { orderFlowLots, queueImbalance, type TopOfBook, weightedMidTicks } from './order-flow.ts'
import { vectorFeatures, vectorWidth } from './vector-list.ts'
import {
  advanceWindow,
  beginWindow,
  breakWindow,
  bucketUs,
  createVectorWindow,
  isWindowFull,
  slotAgo,
  sumOver,
  type VectorWindow,
  volatilityOver,
  windowBuckets,
} from './vector-window.ts'

/** A silence longer than this breaks the history: nobody knows what the book did meanwhile. */
export const silenceUsMax = 10 * microsPerSecond

const levelsMax = 5
const volatilityStepBuckets = 5

/**
 * Everything a vector of one market is made of. It hears market events only, so its numbers depend on what the market
 * did and on the moment they are asked for, never on when a timer happened to fire.
 */
export type VectorState = {
  readonly features: FeatureState
  readonly window: VectorWindow
  readonly before: TopOfBook
  readonly now: TopOfBook
  readonly depth: { bidLots: number; askLots: number }
  readonly addBidLots: (priceTicks: number, sizeLots: number) => void
  readonly addAskLots: (priceTicks: number, sizeLots: number) => void
  lastSeenUs: number
}

/** Vectors are unknown until a minute of live book has been seen. About 60 kB. */
export function createVectorState(instrument: Instrument): VectorState {
  const depth = { bidLots: 0, askLots: 0 }
  return {
    features: createFeatureState(instrument),
    window: createVectorWindow(),
    before: { bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 },
    now: { bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 },
    depth,
    addBidLots: (_, sizeLots) => {
      depth.bidLots += sizeLots
    },
    addAskLots: (_, sizeLots) => {
      depth.askLots += sizeLots
    },
    lastSeenUs: 0,
  }
}

/**
 * Takes one market event of the instrument, in order of receive time; allocates nothing.
 *
 * @param book - the book after the event was applied
 */
export function updateVector(state: VectorState, event: MarketEvent, book: BookView): void {
  // Candles repeat what trades have told, and come late.
  if (event.kind === 'candle') return
  const { window } = state
  const nowUs = event.receiveTimeUs
  updateFeatures(state.features, event, book)
  const isSilent = nowUs - state.lastSeenUs > silenceUsMax
  state.lastSeenUs = nowUs
  if (!book.isLive) {
    breakWindow(window)
    return
  }
  if (isSilent) breakWindow(window)
  advanceWindow(window, nowUs)
  if (window.firstBucket === 0) {
    beginWindow(window, nowUs)
    readTop(state.now, book)
    writeTop(state)
  } else if (event.kind === 'book-delta' || event.kind === 'book-snapshot') observeBook(state, book)
  else if (event.kind === 'trade') {
    const slot = slotAgo(window, 0)
    window.tradeLots[slot]! += signOf(event.aggressor) * event.sizeLots
    window.tradeSizeLots[slot]! += event.sizeLots
    window.tradeCount[slot]! += 1
  }
}

/**
 * Writes the vector as of `nowUs`, in the order of {@link vectorFeatures}.
 *
 * @param nowUs - not before the last event
 * @param book - the book as it is now
 * @param out - shape [vectorWidth]; NaN where a feature is not known
 * @returns false when something is not known: such a vector may not be scored or learned from
 */
export function writeVector(
  state: VectorState,
  nowUs: number,
  book: BookView,
  out: Float64Array,
): boolean {
  const { window } = state
  out.fill(Number.NaN)
  if (!book.isLive || nowUs - state.lastSeenUs > silenceUsMax) return false
  advanceWindow(window, nowUs)
  if (!isWindowFull(window)) return false
  const mid = midTicks(book)
  const bpsPerTick = 10_000 / mid
  writeBook(state, { book, mid, bpsPerTick }, out)
  writePrices(state, { mid, bpsPerTick }, out)
  writeFlows(window, out)
  const { intensity, volatilityTicks } = state.features.view
  if (volatilityTicks !== undefined) out[at.volatility_600s] = volatilityTicks * bpsPerTick
  if (intensity !== undefined) {
    out[at.fill_intensity] = Math.log(intensity.perSecond)
    out[at.fill_decay_per_bps] = intensity.perTick / bpsPerTick
  }
  for (let index = 0; index < vectorWidth; index++) if (!Number.isFinite(out[index]!)) return false
  return true
}

const at = Object.fromEntries(vectorFeatures.map(({ name }, index) => [name, index])) as Readonly<
  Record<(typeof vectorFeatures)[number]['name'], number>
>
const bucketsPerSecond = microsPerSecond / bucketUs

function writeBook(
  state: VectorState,
  { book, mid, bpsPerTick }: { book: BookView; mid: number; bpsPerTick: number },
  out: Float64Array,
): void {
  const { depth, now, window } = state
  const spread = now.askTicks - now.bidTicks
  const spreadMean = sumOver(window, window.spreadTicks, windowBuckets) / windowBuckets
  depth.bidLots = 0
  depth.askLots = 0
  book.forEachLevel('bid', levelsMax, state.addBidLots)
  book.forEachLevel('ask', levelsMax, state.addAskLots)
  const depthLots = depth.bidLots + depth.askLots
  out[at.spread_bps] = spread * bpsPerTick
  out[at.spread_ratio_60s] = spread / spreadMean
  out[at.queue_imbalance] = queueImbalance(now) ?? Number.NaN
  out[at.depth_imbalance_5] = (depth.bidLots - depth.askLots) / depthLots
  out[at.best_depth_share] = (now.bidLots + now.askLots) / depthLots
  out[at.weighted_mid_offset_bps] = ((weightedMidTicks(now) ?? Number.NaN) - mid) * bpsPerTick
}

function writePrices(
  { window }: VectorState,
  { mid, bpsPerTick }: { mid: number; bpsPerTick: number },
  out: Float64Array,
): void {
  const returnBps = (seconds: number): number => {
    const before = window.midTicks[slotAgo(window, seconds * bucketsPerSecond)]!
    return ((mid - before) / before) * 10_000
  }
  out[at.return_1s_bps] = returnBps(1)
  out[at.return_5s_bps] = returnBps(5)
  out[at.return_30s_bps] = returnBps(30)
  const mean = sumOver(window, window.midTicks, windowBuckets) / windowBuckets
  out[at.mid_deviation_60s_bps] = (mid - mean) * bpsPerTick
  const volatility = (seconds: number): number =>
    volatilityOver(window, seconds * bucketsPerSecond, volatilityStepBuckets) * bpsPerTick
  out[at.volatility_10s] = volatility(10)
  out[at.volatility_60s] = volatility(60)
}

/** Nothing traded or moved in a minute: the shares below divide by zero, and so are unknown. */
function writeFlows(window: VectorWindow, out: Float64Array): void {
  const flowSize = sumOver(window, window.flowSizeLots, windowBuckets)
  const tradeSize = sumOver(window, window.tradeSizeLots, windowBuckets)
  const over = (values: Float64Array, seconds: number): number =>
    sumOver(window, values, seconds * bucketsPerSecond)
  out[at.order_flow_1s] = over(window.flowLots, 1) / flowSize
  out[at.order_flow_5s] = over(window.flowLots, 5) / flowSize
  out[at.order_flow_30s] = over(window.flowLots, 30) / flowSize
  out[at.trade_flow_1s] = over(window.tradeLots, 1) / tradeSize
  out[at.trade_flow_5s] = over(window.tradeLots, 5) / tradeSize
  out[at.trade_flow_30s] = over(window.tradeLots, 30) / tradeSize
  const perSecond = over(window.tradeCount, 60) / 60
  out[at.trade_rate_ratio_5s] = over(window.tradeCount, 5) / 5 / perSecond
}

function observeBook(state: VectorState, book: BookView): void {
  const { before, now, window } = state
  before.bidTicks = now.bidTicks
  before.bidLots = now.bidLots
  before.askTicks = now.askTicks
  before.askLots = now.askLots
  readTop(now, book)
  const flow = orderFlowLots(before, now)
  const slot = slotAgo(window, 0)
  window.flowLots[slot]! += flow
  window.flowSizeLots[slot]! += Math.abs(flow)
  writeTop(state)
}

function readTop(top: TopOfBook, book: BookView): void {
  top.bidTicks = book.bestBidTicks
  top.bidLots = book.lotsAt('bid', book.bestBidTicks)
  top.askTicks = book.bestAskTicks
  top.askLots = book.lotsAt('ask', book.bestAskTicks)
}

function writeTop({ now, window }: VectorState): void {
  const slot = slotAgo(window, 0)
  window.midTicks[slot] = (now.bidTicks + now.askTicks) / 2
  window.spreadTicks[slot] = now.askTicks - now.bidTicks
}
