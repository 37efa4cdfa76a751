import { askTicks, bidTicks, microsPerSecond, type QuoteE8 } from '#shared/kernel/unit.ts'
import { type BookView, midTicks } from '#shared/market/book-view.ts'
import type { Fill, MarketEvent, Timer } from '#shared/market/event.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import type { Features } from '#shared/signal/feature/features.ts'
import { type GlftCoefficients, glftCoefficients } from '../quoting/glft.ts'
import { affordableLots, plannedSizeLotsMin, shareOfE8 } from '../sizing.ts'
import type { QuoteWant, Strategy, StrategyView, Wants } from '../strategy.ts'
import type { GlftConfig } from './config.ts'

const slotBySide = { buy: 0, sell: 1 } as const

/** Why the strategy stands aside, as a number for the decision log. */
export const glftPause = {
  none: 0,
  bookNotLive: 1,
  bookStale: 2,
  featuresUndefined: 3,
  capitalTooSmall: 4,
} as const

type State = {
  readonly instrument: Instrument
  readonly config: GlftConfig
  readonly inputs: GlftInputs
  /** What was asked for and is not fully filled. */
  readonly asked: Record<Side, QuoteWant | undefined>
  readonly filledLots: Record<Side, number>
  /** Sizes of the last placing; 0 before the first. */
  orderLots: number
  inventoryLotsMax: number
  coefficients: GlftCoefficients | undefined
  /** What the sizes were computed from. */
  sizedCapitalE8: QuoteE8
  sizedMidTicks: number
}

type GlftInputs = {
  pause: number
  midTicks: number
  volatilityTicks: number
  intensityPerSecond: number
  decayPerTick: number
  gammaPerTick: number
  halfSpreadTicks: number
  skewTicks: number
  inventoryLots: number
  orderLots: number
  bidTicks: number
  askTicks: number
}

/**
 * Market making after Guéant, Lehalle and Fernandez-Tapia: two post-only quotes around a reservation price that leans
 * against the inventory, with the volatility and fill intensity measured from the live market.
 *
 * Half-spread is at least the maker fee plus `edgeTicksMin`, so a round trip at unchanged mid never loses. Stands
 * aside while book or features are missing. See `quoting/glft.ts` for the formulas.
 */
export function createGlft(name: string, instrument: Instrument, config: GlftConfig): Strategy {
  const inputs: GlftInputs = {
    pause: glftPause.none,
    midTicks: 0,
    volatilityTicks: 0,
    intensityPerSecond: 0,
    decayPerTick: 0,
    gammaPerTick: 0,
    halfSpreadTicks: 0,
    skewTicks: 0,
    inventoryLots: 0,
    orderLots: 0,
    bidTicks: 0,
    askTicks: 0,
  }
  const state: State = {
    instrument,
    config,
    inputs,
    asked: { buy: undefined, sell: undefined },
    filledLots: { buy: 0, sell: 0 },
    orderLots: 0,
    inventoryLotsMax: 0,
    coefficients: undefined,
    sizedCapitalE8: 0n,
    sizedMidTicks: 0,
  }
  return {
    name,
    instrumentIds: [instrument.id],
    inputs,
    on(event, view, wants) {
      if (event.kind === 'fill') bookFill(state, event)
      else if (event.kind === 'timer') askAgain(state, wants)
      else if (!isRelevant(event)) return
      requote(state, view, wants)
    },
  }
}

const isRelevant = (event: MarketEvent | Timer | Fill): boolean =>
  event.kind === 'book-delta' ||
  event.kind === 'book-snapshot' ||
  event.kind === 'book-lost' ||
  event.kind === 'trade'

/** A post-only order fills at its own price, so the price tells which order it was; a full fill ends the want. */
function bookFill(state: State, fill: Fill): void {
  const asked = state.asked[fill.side]
  if (asked?.priceTicks !== fill.priceTicks) return
  state.filledLots[fill.side] += fill.sizeLots
  if (state.filledLots[fill.side] >= asked.sizeLots) state.asked[fill.side] = undefined
}

/** Costs nothing when the order rests, and brings it back when it was lost. */
function askAgain({ asked }: State, wants: Wants): void {
  if (asked.buy) wants.quote(asked.buy)
  if (asked.sell) wants.quote(asked.sell)
}

function requote(state: State, view: StrategyView, wants: Wants): void {
  const { instrument, inputs } = state
  const book = view.book(instrument.id)
  const features = view.features(instrument.id)
  inputs.inventoryLots = view.inventoryLots(instrument.id)
  inputs.pause = pauseReason(state, view, book, features)
  if (inputs.pause !== glftPause.none) {
    pull(state, 'buy', wants)
    pull(state, 'sell', wants)
    return
  }
  price(state, book, features)
  settle(state, view, wants, 'buy', book.bestAskTicks - 1)
  settle(state, view, wants, 'sell', book.bestBidTicks + 1)
}

function pauseReason(state: State, view: StrategyView, book: BookView, features: Features): number {
  if (!book.isLive) return glftPause.bookNotLive
  const ageUs = view.nowUs - book.receiveTimeUs
  if (ageUs > state.config.bookAgeSecondsMax * microsPerSecond) return glftPause.bookStale
  if (features.volatilityTicks === undefined || features.intensity === undefined)
    return glftPause.featuresUndefined
  if (state.orderLots === 0) size(state, view, midTicks(book))
  return state.orderLots === 0 ? glftPause.capitalTooSmall : glftPause.none
}

/** Model prices of both quotes into `inputs`, rounded away from the mid. */
function price(state: State, book: BookView, features: Features): void {
  const { config, inputs, instrument } = state
  const mid = midTicks(book)
  const { halfSpreadTicks, skewTicks } = coefficientsOf(state, features)
  const feeTicks = (Math.max(0, instrument.makerFeePpm) * mid) / 1e6
  const half = Math.max(halfSpreadTicks, feeTicks + config.edgeTicksMin)
  const reservation = mid - (skewTicks * inputs.inventoryLots) / state.orderLots

  inputs.midTicks = mid
  inputs.halfSpreadTicks = half
  inputs.skewTicks = skewTicks
  inputs.orderLots = state.orderLots
  inputs.bidTicks = bidTicks(reservation - half)
  inputs.askTicks = askTicks(reservation + half)
}

/** The model of now; computed anew only when a measured value has changed, which is about twice a second. */
function coefficientsOf(state: State, features: Features): GlftCoefficients {
  const { config, inputs } = state
  const { perSecond, perTick } = features.intensity!
  const volatilityTicks = features.volatilityTicks!
  const isSame =
    inputs.volatilityTicks === volatilityTicks &&
    inputs.intensityPerSecond === perSecond &&
    inputs.decayPerTick === perTick
  if (isSame && state.coefficients) return state.coefficients
  inputs.volatilityTicks = volatilityTicks
  inputs.intensityPerSecond = perSecond
  inputs.decayPerTick = perTick
  inputs.gammaPerTick = config.riskAversion * perTick
  state.coefficients = glftCoefficients({
    volatilityTicks,
    intensityPerSecond: perSecond,
    decayPerTick: perTick,
    gammaPerTick: inputs.gammaPerTick,
  })
  return state.coefficients
}

/**
 * Leaves, moves or pulls the quote of one side.
 *
 * @param touchTicks - the nearest price at which the quote does not take liquidity
 */
function settle(
  state: State,
  view: StrategyView,
  wants: Wants,
  side: Side,
  touchTicks: number,
): void {
  const { asked, config, inputs, instrument } = state
  const isBuy = side === 'buy'
  const targetTicks = isBuy
    ? Math.min(inputs.bidTicks, touchTicks)
    : Math.max(inputs.askTicks, touchTicks)
  const isInRange =
    targetTicks >= instrument.priceTicksMin && targetTicks <= instrument.priceTicksMax
  const current = asked[side]
  const moveTicksMin = Math.max(1, config.requoteRatio * inputs.halfSpreadTicks)
  const isClose =
    current &&
    Math.abs(current.priceTicks - targetTicks) < moveTicksMin &&
    (isBuy ? current.priceTicks <= touchTicks : current.priceTicks >= touchTicks)
  if (!isClose) size(state, view, inputs.midTicks)

  const sizeLots = isClose ? current.sizeLots : state.orderLots
  const held = isBuy ? inputs.inventoryLots : -inputs.inventoryLots
  const openLots = isClose ? sizeLots - state.filledLots[side] : sizeLots
  if (!isInRange || sizeLots === 0 || held + openLots > state.inventoryLotsMax) {
    pull(state, side, wants)
    return
  }
  if (isClose) return
  const want: QuoteWant = {
    instrumentId: instrument.id,
    slot: slotBySide[side],
    side,
    priceTicks: targetTicks,
    sizeLots,
    reason: 'glft',
  }
  asked[side] = want
  state.filledLots[side] = 0
  wants.quote(want)
}

function pull({ asked, instrument }: State, side: Side, wants: Wants): void {
  if (!asked[side]) return
  asked[side] = undefined
  wants.withdraw(instrument.id, slotBySide[side])
}

/** Sizes are kept while the capital is the same and the mid has moved less than this share. */
const resizeRatio = 0.01
/** The limit is counted at a slightly higher price, because asks rest above the mid. */
const limitPriceRatio = 1.02

/**
 * Order size and inventory limit from the capital of now: a whole number of orders fits the limit. Zero when not one
 * order of the venue's minimum size does.
 */
function size(state: State, view: StrategyView, mid: number): void {
  const { config, instrument } = state
  const moved = Math.abs(mid - state.sizedMidTicks)
  if (view.capitalE8 === state.sizedCapitalE8 && moved < resizeRatio * mid) return
  state.sizedCapitalE8 = view.capitalE8
  state.sizedMidTicks = mid

  const priceTicks = askTicks(mid * limitPriceRatio)
  const budgetE8 = shareOfE8(view.capitalE8, config.inventoryCapitalRatioMax)
  const limitLots = affordableLots(instrument, budgetE8, priceTicks)
  const sizeLotsMin = plannedSizeLotsMin(instrument, askTicks(mid))
  const sizeLots = Math.max(sizeLotsMin, Math.floor(limitLots / config.inventoryOrdersMax))
  const isEnough = sizeLots <= limitLots
  state.orderLots = isEnough ? Math.min(sizeLots, instrument.sizeLotsMax) : 0
  state.inventoryLotsMax = isEnough ? limitLots : 0
}
