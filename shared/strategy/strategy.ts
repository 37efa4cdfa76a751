import type { Micros, QuoteE8 } from '../kernel/unit.ts'
import type { BookView } from '../market/book-view.ts'
import type { Fill, MarketEvent, Timer } from '../market/event.ts'
import type { Instrument, InstrumentId, Side } from '../market/instrument.ts'
import type { Features } from '../signal/feature/features.ts'

/**
 * A strategy turns what it may see into wants. It never sees a venue, an order or a clock: it states the quotes
 * and positions it would like, and allocation, risk review and the order desk decide what becomes of them.
 */
export type Strategy = {
  /** Field name in lower case with dashes, unique among running strategies: `glft`. */
  readonly name: string
  /** What it reads and trades; the order is the strategy's own. */
  readonly instrumentIds: readonly InstrumentId[]
  /** Set by strategies with more than one leg. */
  readonly legRisk?: LegRiskBudget
  /** Numbers behind the last decision, for the decision log; mutated in place, copied when logged. */
  readonly inputs: Record<string, number>
  /** Called for events of its own instruments, its own fills, and timers. Must not allocate when nothing changes. */
  on(event: MarketEvent | Fill | Timer, view: StrategyView, wants: Wants): void
}

/** Unhedged exposure that a multi-leg strategy may carry: notional × time, in quote × seconds. */
export type LegRiskBudget = {
  /** Legs that should cancel out, in base units. */
  readonly legs: readonly InstrumentId[]
  readonly unhedgedQuoteSecondsMax: number
}

/** Read-only sight of the world, already cut to what this strategy may know. */
export type StrategyView = {
  /** Receive time of the event being handled. */
  readonly nowUs: Micros
  instrument(id: InstrumentId): Instrument
  book(id: InstrumentId): BookView
  mark(id: InstrumentId): MarkView | undefined
  features(id: InstrumentId): Features
  /** Own sub-book only; long is positive. */
  inventoryLots(id: InstrumentId): number
  /** Average entry of the own sub-book in ticks; undefined when flat. */
  entryTicks(id: InstrumentId): number | undefined
  /** Capital that allocation grants this strategy now. */
  readonly capitalE8: QuoteE8
}

export type MarkView = {
  readonly markPriceE8: number
  readonly indexPriceE8: number
  /** Fraction of notional per interval; longs pay when positive. */
  readonly fundingRate: number
  readonly nextFundingTimeUs: Micros
  readonly receiveTimeUs: Micros
}

/** What a strategy asks for. A want stays until it is replaced or withdrawn. */
export type Wants = {
  /**
   * One resting order in a numbered place of the strategy's own (0 to 63 per instrument). Asking again with the
   * same price and size changes nothing; another price or size replaces the order. Always post-only.
   */
  quote(want: QuoteWant): void
  /** Nothing shall rest in this place. */
  withdraw(instrumentId: InstrumentId, slot: number): void
  /**
   * A position to be reached by taking liquidity, never beyond `limitTicks`. The desk sends immediate-or-cancel
   * orders for the difference between the target and the inventory until it is met or replaced.
   */
  target(want: TargetWant): void
}

export type QuoteWant = {
  readonly instrumentId: InstrumentId
  readonly slot: number
  readonly side: Side
  readonly priceTicks: number
  readonly sizeLots: number
  /** A short constant for the decision log: why this quote is here. */
  readonly reason: string
}

export type TargetWant = {
  readonly instrumentId: InstrumentId
  readonly targetLots: number
  /** Worst price: highest for a buy, lowest for a sell. */
  readonly limitTicks: number
  readonly reason: string
}
