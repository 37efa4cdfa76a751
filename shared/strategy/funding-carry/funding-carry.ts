import { type Micros, microsPerHour, microsPerSecond } from '#shared/kernel/unit.ts'
import { midTicks } from '#shared/market/book-view.ts'
import { type Instrument, quoteFromTicks } from '#shared/market/instrument.ts'
import { shareOfE8 } from '../sizing.ts'
import type { MarkView, Strategy, StrategyView, Wants } from '../strategy.ts'
import { checkLegs, type FundingCarryConfig } from './config.ts'
import {
  createLegGrid,
  type LegGrid,
  roundTripCostBps,
  sizeLegs,
  unhedgedUnits,
  worstTicks,
} from './legs.ts'

/** Where the carry stands, as a number for the decision log. */
export const carryPhase = { idle: 0, entering: 1, holding: 2, exiting: 3, unwinding: 4 } as const
type Phase = (typeof carryPhase)[keyof typeof carryPhase]

type CarryInputs = {
  phase: Phase
  fundingRateBps: number
  entryRateBps: number
  expectedBps: number
  costBps: number
  periodsHeld: number
  perpLots: number
  hedgeLots: number
  unhedgedQuote: number
  unhedgedQuoteSeconds: number
}

type State = {
  readonly perp: Instrument
  readonly hedge: Instrument
  readonly grid: LegGrid
  readonly config: FundingCarryConfig
  readonly inputs: CarryInputs
  hasStarted: boolean
  /** An entry that stayed incomplete now aims at what both legs already have. */
  isTrimmed: boolean
  perpTargetLots: number
  hedgeTargetLots: number
  /** Rate at entry, per interval; undefined when the position is from an earlier life and no rate was seen since. */
  entryRate: number | undefined
  nextFundingTimeUs: number
  phaseSinceUs: number
  nextDecisionUs: number
  lastEventUs: number
}

/**
 * Earns funding without price risk: short the perpetual and long the same coin in a market without funding while
 * longs pay; the reverse, where allowed, while shorts pay.
 *
 * Enters when the funding expected over `periodsPlanned` settlements exceeds the round trip of both legs plus a
 * buffer. Leaves when the rate falls below a share of the entry rate, changes sign, or after `periodsMax`
 * settlements. Both legs always target the same base size; when unhedged notional × time exceeds the budget, both
 * are closed. Decides on timers; without a fresh mark price it decides nothing.
 *
 * @throws TradingError CONFIG_INVALID when the instruments cannot hedge each other
 */
export function createFundingCarry(
  name: string,
  perp: Instrument,
  hedge: Instrument,
  config: FundingCarryConfig,
): Strategy {
  checkLegs(perp, hedge)
  const state = createState(perp, hedge, config)
  return {
    name,
    instrumentIds: [perp.id, hedge.id],
    legRisk: {
      legs: [perp.id, hedge.id],
      unhedgedQuoteSecondsMax: config.unhedgedQuoteSecondsMax,
    },
    inputs: state.inputs,
    on(event, view, wants) {
      readInventory(state, view)
      if (!state.hasStarted) start(state, view)
      const isSpent = accrueLegRisk(state, view)
      const { phase } = state.inputs
      if (isSpent && (phase === carryPhase.entering || phase === carryPhase.holding))
        close(state, view, wants, carryPhase.unwinding)
      else if (event.kind === 'timer') advance(state, view, wants)
    },
  }
}

function createState(perp: Instrument, hedge: Instrument, config: FundingCarryConfig): State {
  return {
    perp,
    hedge,
    grid: createLegGrid(perp, hedge),
    config,
    inputs: {
      phase: carryPhase.idle,
      fundingRateBps: 0,
      entryRateBps: 0,
      expectedBps: 0,
      costBps: 0,
      periodsHeld: 0,
      perpLots: 0,
      hedgeLots: 0,
      unhedgedQuote: 0,
      unhedgedQuoteSeconds: 0,
    },
    hasStarted: false,
    isTrimmed: false,
    perpTargetLots: 0,
    hedgeTargetLots: 0,
    entryRate: undefined,
    nextFundingTimeUs: 0,
    phaseSinceUs: 0,
    nextDecisionUs: 0,
    lastEventUs: 0,
  }
}

function readInventory({ inputs, perp, hedge }: State, view: StrategyView): void {
  inputs.perpLots = view.inventoryLots(perp.id)
  inputs.hedgeLots = view.inventoryLots(hedge.id)
}

/** A hedged position of an earlier life is held on; a lopsided one is closed. */
function start(state: State, view: StrategyView): void {
  state.hasStarted = true
  state.lastEventUs = view.nowUs
  const { perpLots, hedgeLots } = state.inputs
  if (perpLots === 0 && hedgeLots === 0) return
  const isHedged = unhedgedUnits(state.grid, perpLots, hedgeLots) === 0
  state.perpTargetLots = isHedged ? perpLots : 0
  state.hedgeTargetLots = isHedged ? hedgeLots : 0
  enterPhase(state, isHedged ? carryPhase.holding : carryPhase.unwinding, view.nowUs)
}

function enterPhase(state: State, phase: Phase, nowUs: Micros): void {
  state.inputs.phase = phase
  state.phaseSinceUs = nowUs
}

/** Adds unhedged notional × time since the last event; starts anew when the legs match. @returns true when spent */
function accrueLegRisk(state: State, view: StrategyView): boolean {
  const { inputs, config, grid, perp } = state
  const elapsedSeconds = Math.max(0, view.nowUs - state.lastEventUs) / microsPerSecond
  state.lastEventUs = view.nowUs
  inputs.unhedgedQuoteSeconds += inputs.unhedgedQuote * elapsedSeconds
  const units = unhedgedUnits(grid, inputs.perpLots, inputs.hedgeLots)
  if (units === 0) {
    inputs.unhedgedQuote = 0
    inputs.unhedgedQuoteSeconds = 0
    return false
  }
  const price = baseQuote(view, perp)
  // Without any price the last notional goes on counting.
  if (price !== undefined) inputs.unhedgedQuote = Math.abs(units) * grid.baseOfUnit * price
  return inputs.unhedgedQuoteSeconds > config.unhedgedQuoteSecondsMax
}

function baseQuote(view: StrategyView, perp: Instrument): number | undefined {
  const mark = view.mark(perp.id)
  if (mark) return mark.markPriceE8 / 1e8
  const book = view.book(perp.id)
  return book.isLive ? quoteFromTicks(perp, midTicks(book)) : undefined
}

function advance(state: State, view: StrategyView, wants: Wants): void {
  const mark = freshMark(state, view)
  if (mark) countSettlements(state, mark)
  switch (state.inputs.phase) {
    case carryPhase.idle:
      if (mark && isDecisionDue(state, view)) considerEntry(state, mark, view, wants)
      return
    case carryPhase.entering:
      finishEntry(state, view, wants)
      return
    case carryPhase.holding:
      if (mark && isDecisionDue(state, view) && shouldLeave(state, mark))
        close(state, view, wants, carryPhase.exiting)
      return
    default:
      finishExit(state, view, wants)
  }
}

function freshMark({ config, perp }: State, view: StrategyView): MarkView | undefined {
  const mark = view.mark(perp.id)
  if (!mark) return undefined
  const ageSeconds = (view.nowUs - mark.receiveTimeUs) / microsPerSecond
  return ageSeconds <= config.markAgeSecondsMax ? mark : undefined
}

function isDecisionDue(state: State, { nowUs }: StrategyView): boolean {
  if (nowUs < state.nextDecisionUs) return false
  state.nextDecisionUs = nowUs + state.config.decideEverySeconds * microsPerSecond
  return true
}

/** Counts how often the next funding time has moved on; several at once when marks were missing. */
function countSettlements(state: State, { nextFundingTimeUs }: MarkView): void {
  const { inputs, perp } = state
  const before = state.nextFundingTimeUs
  state.nextFundingTimeUs = nextFundingTimeUs
  if (inputs.phase === carryPhase.idle || before === 0 || nextFundingTimeUs <= before) return
  const intervalUs = perp.fundingIntervalHours! * microsPerHour
  inputs.periodsHeld += Math.max(1, Math.round((nextFundingTimeUs - before) / intervalUs))
}

function considerEntry(state: State, mark: MarkView, view: StrategyView, wants: Wants): void {
  const { config, grid, hedge, inputs, perp } = state
  const perpBook = view.book(perp.id)
  const hedgeBook = view.book(hedge.id)
  if (!perpBook.isLive || !hedgeBook.isLive) return

  inputs.fundingRateBps = mark.fundingRate * 1e4
  inputs.expectedBps = Math.abs(inputs.fundingRateBps) * config.periodsPlanned
  inputs.costBps = roundTripCostBps(perp, hedge, perpBook, hedgeBook) + config.bufferBps
  if (inputs.expectedBps <= inputs.costBps) return
  if (mark.fundingRate < 0 && !config.hedgeMayBeShorted) return

  const sizes = sizeLegs(grid, perp, hedge, {
    budgetE8: shareOfE8(view.capitalE8, config.inventoryCapitalRatioMax),
    perpPriceTicks: worstTicks(perpBook, true, config.slippageBps),
    hedgePriceTicks: worstTicks(hedgeBook, true, config.slippageBps),
  })
  if (!sizes) return
  const perpSign = mark.fundingRate > 0 ? -1 : 1
  state.perpTargetLots = perpSign * sizes.perpLots
  state.hedgeTargetLots = -perpSign * sizes.hedgeLots
  state.entryRate = mark.fundingRate
  inputs.entryRateBps = inputs.fundingRateBps
  inputs.periodsHeld = 0
  state.isTrimmed = false
  enterPhase(state, carryPhase.entering, view.nowUs)
  aim(state, view, wants, 'funding entry')
}

function finishEntry(state: State, view: StrategyView, wants: Wants): void {
  if (isAtTarget(state)) {
    enterPhase(state, carryPhase.holding, view.nowUs)
    return
  }
  const waitedSeconds = (view.nowUs - state.phaseSinceUs) / microsPerSecond
  const isLate = waitedSeconds > state.config.entrySecondsMax
  if (isLate && !trimToSmallerLeg(state, view)) close(state, view, wants, carryPhase.exiting)
  else aim(state, view, wants, 'funding entry')
}

/**
 * Once, aims at the base size that both legs already hold: a remainder below the venue's minimum order can be given
 * back by reducing the larger leg, but not be bought for the smaller one.
 *
 * @returns false when there is nothing to keep, or it was tried before
 */
function trimToSmallerLeg(state: State, { nowUs }: StrategyView): boolean {
  const { grid, inputs } = state
  const heldUnits = Math.min(
    Math.abs(inputs.perpLots) * grid.perpUnits,
    Math.abs(inputs.hedgeLots) * grid.hedgeUnits,
  )
  const units = Math.floor(heldUnits / grid.commonUnits) * grid.commonUnits
  if (units === 0 || state.isTrimmed) return false
  state.isTrimmed = true
  state.perpTargetLots = (Math.sign(inputs.perpLots) * units) / grid.perpUnits
  state.hedgeTargetLots = (Math.sign(inputs.hedgeLots) * units) / grid.hedgeUnits
  enterPhase(state, carryPhase.entering, nowUs)
  return true
}

const isAtTarget = ({ inputs, perpTargetLots, hedgeTargetLots }: State): boolean =>
  inputs.perpLots === perpTargetLots && inputs.hedgeLots === hedgeTargetLots

function shouldLeave(state: State, { fundingRate }: MarkView): boolean {
  const { config, inputs } = state
  inputs.fundingRateBps = fundingRate * 1e4
  state.entryRate ??= fundingRate
  inputs.entryRateBps = state.entryRate * 1e4
  // Short earns a positive rate: what counts is the rate from the side of the position.
  const earned = -Math.sign(inputs.perpLots) * fundingRate
  return (
    earned < config.exitRateRatio * Math.abs(state.entryRate) ||
    earned <= 0 ||
    inputs.periodsHeld >= config.periodsMax
  )
}

function close(state: State, view: StrategyView, wants: Wants, phase: Phase): void {
  state.perpTargetLots = 0
  state.hedgeTargetLots = 0
  enterPhase(state, phase, view.nowUs)
  aim(state, view, wants, phase === carryPhase.unwinding ? 'leg risk spent' : 'funding exit')
}

function finishExit(state: State, view: StrategyView, wants: Wants): void {
  if (!isAtTarget(state)) {
    const isUnwinding = state.inputs.phase === carryPhase.unwinding
    aim(state, view, wants, isUnwinding ? 'leg risk spent' : 'funding exit')
    return
  }
  state.entryRate = undefined
  state.nextDecisionUs = view.nowUs + state.config.cooldownSeconds * microsPerSecond
  enterPhase(state, carryPhase.idle, view.nowUs)
}

/** States both targets with worst prices of now. A leg whose book is not live keeps its last target. */
function aim(state: State, view: StrategyView, wants: Wants, reason: string): void {
  const { hedge, inputs, perp } = state
  aimLeg(state, view, wants, perp, inputs.perpLots, state.perpTargetLots, reason)
  aimLeg(state, view, wants, hedge, inputs.hedgeLots, state.hedgeTargetLots, reason)
}

function aimLeg(
  state: State,
  view: StrategyView,
  wants: Wants,
  leg: Instrument,
  inventoryLots: number,
  targetLots: number,
  reason: string,
): void {
  const book = view.book(leg.id)
  if (!book.isLive) return
  const { config, inputs } = state
  const isUnwinding =
    inputs.phase === carryPhase.unwinding ||
    inputs.unhedgedQuoteSeconds > config.unhedgedQuoteSecondsMax
  const slippageBps = isUnwinding ? config.unwindSlippageBps : config.slippageBps
  const limitTicks = worstTicks(book, targetLots > inventoryLots, slippageBps)
  wants.target({ instrumentId: leg.id, targetLots, limitTicks, reason })
}
