import { type Micros, microsPerMinute, type QuoteE8 } from '#shared/kernel/unit.ts'
import { type Book, createBook } from '#shared/market/book.ts'
import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import { createFeatureState, type FeatureState } from '#shared/signal/feature/feature-state.ts'
import { type Allocation, createAllocation } from '#shared/strategy/allocation/allocation.ts'
import type { MarkView, Strategy, StrategyView, Wants } from '#shared/strategy/strategy.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { createDesk, type Desk, type DeskOrder } from '../order/desk.ts'
import type { Intent } from '../order/order.ts'
import { createLegRisk, type LegRisk } from '../risk/leg-risk.ts'
import { areTightened, changeLimits, type Limits } from '../risk/limits.ts'
import { createWatch, type Watch } from '../risk/watch.ts'
import type { Decision } from './decision.ts'
import { createDesireBoard, createWants, type Desire, type DesireBoard } from './desire.ts'
import { createView } from './view.ts'

export type TraderConfig = {
  readonly instruments: readonly Instrument[]
  readonly strategies: readonly Strategy[]
  /** Share of equity per strategy name; the sum is at most 1. */
  readonly weights: Readonly<Record<string, number>>
  /** Ceilings: an operator may tighten them while the trader runs. */
  readonly limits: Limits
  /** Generation of the writer's lease; part of every order id. */
  readonly epoch: number
  /** No sign of life from an instrument for this long: its quotes are pulled. */
  readonly staleAfterUs: number
  /** Shortest time between two orders in one place. */
  readonly requoteUsMin: number
  /** The venue cancels everything when it hears nothing for this long; 0 leaves the switch off. */
  readonly deadManMs: number
  /** What a session before this one leaves behind: a kill and the marks of the portfolio stops outlive it. */
  readonly guard?: Guard
}

/** The part of the state that must survive the process; money as decimal text of 1e-8 quote. */
export type Guard = {
  readonly killedBecause: string | null
  readonly dayStartUs: number
  /** Null while equity was not seen yet, as the peak. */
  readonly dayStartEquityE8: string | null
  readonly peakEquityE8: string | null
  /** Present while an operator has tightened some. */
  readonly limits?: Limits
}

/** One strategy with everything that belongs to it alone. */
export type Seat = {
  readonly strategy: Strategy
  readonly board: DesireBoard
  readonly view: StrategyView
  readonly wants: Wants
  readonly legRisk: LegRisk
  isLegRiskSpent: boolean
  capitalE8: QuoteE8
}

/** The whole trader. `step` mutates it in place; nothing else does. */
export type TraderState = {
  readonly config: TraderConfig
  nowUs: Micros
  readonly books: readonly Book[]
  readonly features: readonly FeatureState[]
  readonly marks: (MarkView | undefined)[]
  /** Last middle of each book, in ticks, and when it was seen; 0 before the first. */
  readonly mids: { priceTicks: number; seenUs: number }[]
  /** Receive time of the last event of each instrument. */
  readonly seenUs: number[]
  /** Funding settlement whose holders were noted last, by instrument. */
  readonly settledUs: number[]
  /** Quotes of the instrument are pulled: no live book, or no sign of life. */
  readonly isPulled: boolean[]
  readonly isUserStreamUp: boolean[]
  readonly allocation: Allocation
  readonly ledger: Ledger
  readonly desk: Desk
  readonly seats: readonly Seat[]
  /** Which desire and which strategy an order belongs to, also after it closed. */
  readonly desireByOrder: Map<string, Desire>
  readonly ownerByOrder: Map<string, string>
  readonly dirty: Desire[]
  /** Positions being closed by a flatten, keyed by strategy and instrument. */
  readonly flattenDesires: Map<string, Desire>
  readonly watch: Watch
  /** What holds now; never above those of the config. */
  limits: Limits
  isStarted: boolean
  isStopping: boolean
  isFlattening: boolean
  killedBecause: string | undefined
  deadManArmedUs: number
  decisionCount: number
}

/** What one step asks of the outside. The driver empties it after carrying it out. */
export type TraderOutput = {
  readonly intents: Intent[]
  readonly decisions: Decision[]
  /** Orders whose state or fill changed; live records, to be read before the next step. */
  readonly orderChanges: DeskOrder[]
}

const midAgeUs = microsPerMinute

export const createOutput = (): TraderOutput => ({ intents: [], decisions: [], orderChanges: [] })

export function clearOutput(out: TraderOutput): void {
  out.intents.length = 0
  out.decisions.length = 0
  out.orderChanges.length = 0
}

export function createTrader(config: TraderConfig): TraderState {
  const { instruments } = config
  const dirty: Desire[] = []
  const ledger = createLedger(instruments)
  const seats: Seat[] = []
  const state: TraderState = {
    config,
    nowUs: 0 as Micros,
    books: instruments.map(() => createBook()),
    features: instruments.map((instrument) => createFeatureState(instrument)),
    marks: instruments.map(() => undefined),
    mids: instruments.map(() => ({ priceTicks: 0, seenUs: 0 })),
    seenUs: instruments.map(() => 0),
    settledUs: instruments.map(() => 0),
    isPulled: instruments.map(() => true),
    isUserStreamUp: ledger.accounts.map(() => false),
    allocation: createAllocation({ weights: config.weights }),
    ledger,
    desk: createDesk(),
    seats,
    desireByOrder: new Map(),
    ownerByOrder: new Map(),
    dirty,
    flattenDesires: new Map(),
    watch: config.guard ? watchOf(config.guard) : createWatch(),
    limits: config.guard?.limits
      ? changeLimits(config.limits, config.limits, config.guard.limits)
      : config.limits,
    isStarted: false,
    isStopping: false,
    isFlattening: false,
    killedBecause: config.guard?.killedBecause ?? undefined,
    deadManArmedUs: Number.NEGATIVE_INFINITY,
    decisionCount: 0,
  }
  for (const strategy of config.strategies) {
    const board = createDesireBoard(strategy.name, dirty)
    const seat: Seat = {
      strategy,
      board,
      view: createView(state, strategy.name, () => seat.capitalE8),
      wants: createWants(board),
      legRisk: createLegRisk(),
      isLegRiskSpent: false,
      capitalE8: 0n,
    }
    seats.push(seat)
  }
  return state
}

const watchOf = (guard: Guard): Watch => ({
  dayStartUs: guard.dayStartUs,
  dayStartEquityE8: equityFrom(guard.dayStartEquityE8),
  peakEquityE8: equityFrom(guard.peakEquityE8),
})

const equityFrom = (text: string | null): QuoteE8 | undefined =>
  text === null ? undefined : BigInt(text)

/** @returns undefined until equity was seen or somebody killed: there is nothing to keep yet */
export function guardOf({ config, killedBecause, limits, watch }: TraderState): Guard | undefined {
  const { dayStartUs, dayStartEquityE8, peakEquityE8 } = watch
  if (dayStartEquityE8 === undefined && killedBecause === undefined) return undefined
  return {
    killedBecause: killedBecause ?? null,
    dayStartUs: dayStartEquityE8 === undefined ? 0 : dayStartUs,
    dayStartEquityE8: dayStartEquityE8 === undefined ? null : String(dayStartEquityE8),
    peakEquityE8: peakEquityE8 === undefined ? null : String(peakEquityE8),
    ...(areTightened(config.limits, limits) ? { limits } : {}),
  }
}

export const instrumentOf = (state: TraderState, id: InstrumentId): Instrument =>
  state.config.instruments[id]!

export const isTrading = (state: TraderState): boolean =>
  state.isStarted && !state.isStopping && state.killedBecause === undefined

/**
 * Mark price of an instrument. A spot market has none of its own: the middle of its live book stands in.
 *
 * @returns 1e-8 quote per base; undefined when not known
 */
export function markPriceE8(state: TraderState, id: InstrumentId): number | undefined {
  const mark = state.marks[id]
  if (mark) return mark.markPriceE8
  const instrument = instrumentOf(state, id)
  if (instrument.kind !== 'spot') return undefined
  // A book that is lost for a moment does not make a position worthless, nor its value unknown.
  const { priceTicks, seenUs } = state.mids[id]!
  if (priceTicks === 0 || state.nowUs - seenUs > midAgeUs) return undefined
  const { step, decimals } = instrument.priceGrid
  return Math.round(priceTicks * step * 10 ** (8 - decimals))
}

/** Last price known of an instrument, however old: for a summary after the end, never for a decision. */
export function lastPriceE8(state: TraderState, id: InstrumentId): number | undefined {
  const { step, decimals } = instrumentOf(state, id).priceGrid
  const { priceTicks } = state.mids[id]!
  const midE8 = priceTicks === 0 ? undefined : Math.round(priceTicks * step * 10 ** (8 - decimals))
  return state.marks[id]?.markPriceE8 ?? midE8
}

/** All orders closed and every cancel answered. */
export const isQuiet = (state: TraderState): boolean => state.desk.open.size === 0
