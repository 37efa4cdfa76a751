import type { QuoteE8 } from '#shared/kernel/unit.ts'
import { type BookView, midTicks } from '#shared/market/book-view.ts'
import type { Fill, MarketEvent, Timer } from '#shared/market/event.ts'
import { type Instrument, signOf } from '#shared/market/instrument.ts'
import { affordableLots, plannedSizeLotsMin, shareOfE8 } from '../sizing.ts'
import type { Strategy, StrategyView, Wants } from '../strategy.ts'
import { checkGridFees, type GridConfig, levelsPerSide } from './config.ts'
import {
  askAgain,
  askEntry,
  askExit,
  closeOutside,
  createLevel,
  exitLots,
  exitSideOf,
  type GridLevel,
  isFlat,
  signedOpenLots,
  takeFill,
  withdrawEntry,
  withdrawExit,
} from './level.ts'
import { buyTicksAt, type GridLines, hasLeft, sellTicksAt, spacingRatio } from './lines.ts'
import { createStray, dropStrayOrder, offsetStray, type Stray, workOff } from './stray.ts'

type GridInputs = {
  anchorTicks: number
  spacingBps: number
  sizeLots: number
  longLots: number
  shortLots: number
  strayLots: number
  recentreCount: number
  isCapitalTooSmall: number
}

type State = {
  readonly instrument: Instrument
  readonly config: GridConfig
  readonly below: number
  readonly above: number
  /** Buy levels from the anchor down, then sell levels from the anchor up. */
  readonly levels: readonly GridLevel[]
  readonly inputs: GridInputs
  lines: GridLines | undefined
  /** False while the lines were laid without knowing the volatility. */
  isSpacingMeasured: boolean
  /** Undefined before the first event, which tells the inventory of an earlier life. */
  stray: Stray | undefined
  /** Capital that was too small to lay the grid. */
  tooSmallE8: QuoteE8 | undefined
}

/**
 * Grid of post-only limit orders on both sides of an anchor, 1 to 3 % apart.
 *
 * A filled buy is followed by a sell one line up, a filled sell by a buy one line down; a line gets a new entry only
 * when its inventory is closed. Lines stay where they are until the mid is more than one spacing beyond the outermost
 * one; then lines without inventory move round the new mid, while lines with inventory keep their exit where it is.
 * So no side ever holds more than its number of lines × size. The first grid, laid before the volatility is known, is
 * laid once more when it is, if nothing has filled.
 *
 * @throws TradingError CONFIG_INVALID when two maker fees eat the spacing
 */
export function createGrid(name: string, instrument: Instrument, config: GridConfig): Strategy {
  checkGridFees(instrument, config)
  const state = createState(instrument, config)
  return {
    name,
    instrumentIds: [instrument.id],
    inputs: state.inputs,
    on(event, view, wants) {
      if (!state.stray) {
        // The inventory already counts the event when it is a fill.
        state.stray = createStray(view.inventoryLots(instrument.id))
      } else if (event.kind === 'fill') bookFill(state, state.stray, event, wants)
      if (event.kind === 'timer') for (const level of state.levels) askAgain(level, wants)
      if (isRelevant(event)) work(state, state.stray, view, wants)
    },
  }
}

function createState(instrument: Instrument, config: GridConfig): State {
  const below = levelsPerSide(config)
  const levels = Array.from({ length: config.levels }, (_, index) =>
    createLevel(instrument.id, index, index < below ? 'buy' : 'sell'),
  )
  return {
    instrument,
    config,
    below,
    above: config.levels - below,
    levels,
    inputs: {
      anchorTicks: 0,
      spacingBps: 0,
      sizeLots: 0,
      longLots: 0,
      shortLots: 0,
      strayLots: 0,
      recentreCount: 0,
      isCapitalTooSmall: 0,
    },
    lines: undefined,
    isSpacingMeasured: false,
    stray: undefined,
    tooSmallE8: undefined,
  }
}

const isRelevant = (event: MarketEvent | Timer | Fill): boolean =>
  event.kind !== 'trade' && event.kind !== 'mark-price' && event.kind !== 'candle'

/** Gives the fill to the level it belongs to; what no level knows closes stray inventory, then levels, then is stray itself. */
function bookFill(state: State, stray: Stray, fill: Fill, wants: Wants): void {
  let lots: number = fill.sizeLots
  for (const level of state.levels) {
    if (lots === 0) break
    lots -= takeFill(level, fill.side, fill.priceTicks, lots)
  }
  lots -= offsetStray(stray, fill.side, lots)
  for (const level of state.levels)
    if (exitSideOf(level) === fill.side) lots -= closeOutside(level, lots, wants)
  stray.lots += signOf(fill.side) * lots
}

function work(state: State, stray: Stray, view: StrategyView, wants: Wants): void {
  const { instrument } = state
  const book = view.book(instrument.id)
  if (!book.isLive) {
    pullAll(state, stray, wants)
    return
  }
  layWhenNeeded(state, view, book, wants)
  if (!state.lines) return
  for (const level of state.levels) workLevel(state, stray, level, state.lines, book, wants)
  if (stray.lots !== 0 || stray.want)
    workOff(stray, wants, {
      instrumentId: instrument.id,
      bestBidTicks: book.bestBidTicks,
      bestAskTicks: book.bestAskTicks,
      moveTicksMin: (state.lines.spacingRatio * book.bestBidTicks) / 4,
      sizeLotsMin: plannedSizeLotsMin(instrument, book.bestBidTicks),
    })
  describe(state, stray)
}

function pullAll({ levels }: State, stray: Stray, wants: Wants): void {
  for (const level of levels) {
    withdrawEntry(level, wants)
    withdrawExit(level, wants)
  }
  dropStrayOrder(stray, wants)
}

/** Lays the grid at the start, when the mid has left it, and once when the volatility becomes known. */
function layWhenNeeded(state: State, view: StrategyView, book: BookView, wants: Wants): void {
  const { lines, config } = state
  const mid = midTicks(book)
  const { volatilityTicks } = view.features(state.instrument.id)
  const isOutside = lines !== undefined && hasLeft(lines, mid, state.below, state.above)
  const canMeasure = !state.isSpacingMeasured && volatilityTicks !== undefined
  if (lines && !isOutside && !(canMeasure && state.levels.every(isFlat))) return
  const next = { anchorTicks: mid, spacingRatio: spacingRatio(config, mid, volatilityTicks) }
  const sizeLots = sizeFor(state, next, view.capitalE8)
  if (sizeLots === 0) return
  state.lines = next
  state.isSpacingMeasured = volatilityTicks !== undefined
  state.inputs.sizeLots = sizeLots
  if (isOutside) state.inputs.recentreCount++
  for (const level of state.levels) {
    if (!isFlat(level)) continue
    withdrawEntry(level, wants)
    layLevel(state, level, next)
  }
}

/** The budget is counted at a slightly higher price, so that a small loss of capital does not make the last line too large. */
const budgetPriceRatio = 1.03

/** Lots per line, so that all lines of one side stay within the budget at the highest price; 0 when too small. */
function sizeFor(state: State, lines: GridLines, capitalE8: QuoteE8): number {
  if (state.tooSmallE8 === capitalE8) return 0
  const { config, instrument } = state
  const perSide = levelsPerSide(config)
  const budgetE8 = shareOfE8(capitalE8, config.inventoryCapitalRatioMax)
  const highestTicks = Math.ceil(sellTicksAt(lines, state.above) * budgetPriceRatio)
  const affordable = affordableLots(instrument, budgetE8, highestTicks)
  const sizeLots = Math.min(Math.floor(affordable / perSide), instrument.sizeLotsMax)
  const isEnough = sizeLots >= plannedSizeLotsMin(instrument, buyTicksAt(lines, -state.below))
  state.inputs.isCapitalTooSmall = isEnough ? 0 : 1
  state.tooSmallE8 = isEnough ? undefined : capitalE8
  return isEnough ? sizeLots : 0
}

/** Puts a flat level on its line of the grid of now. */
function layLevel(state: State, level: GridLevel, lines: GridLines): void {
  const isBuy = level.side === 'buy'
  const line = isBuy ? -(level.index + 1) : level.index - state.below + 1
  level.entryTicks = isBuy ? buyTicksAt(lines, line) : sellTicksAt(lines, line)
  level.exitTicks = isBuy ? sellTicksAt(lines, line + 1) : buyTicksAt(lines, line - 1)
  level.sizeLots = state.inputs.sizeLots
}

function workLevel(
  state: State,
  stray: Stray,
  level: GridLevel,
  lines: GridLines,
  book: BookView,
  wants: Wants,
): void {
  if (level.openLots > 0) {
    workExit(state, stray, level, book, wants)
    return
  }
  // An exit that a late fill has made pointless.
  withdrawExit(level, wants)
  if (level.entry.want) return
  layLevel(state, level, lines)
  // A line on the wrong side of the book waits: taking it at the touch would fill several lines at one price.
  const isAhead =
    level.side === 'buy'
      ? level.entryTicks < book.bestAskTicks && level.entryTicks >= state.instrument.priceTicksMin
      : level.entryTicks > book.bestBidTicks && level.entryTicks <= state.instrument.priceTicksMax
  if (isAhead) askEntry(level, wants)
}

/** Keeps an exit for everything open; a remainder too small for an order, with no entry to add to it, becomes stray. */
function workExit(
  state: State,
  stray: Stray,
  level: GridLevel,
  book: BookView,
  wants: Wants,
): void {
  if (exitLots(level) === level.openLots) return
  const priceTicks =
    level.side === 'buy'
      ? Math.max(level.exitTicks, book.bestBidTicks + 1)
      : Math.min(level.exitTicks, book.bestAskTicks - 1)
  if (level.openLots >= plannedSizeLotsMin(state.instrument, priceTicks)) {
    askExit(level, priceTicks, wants)
    return
  }
  if (level.entry.want || level.exit.want) return
  stray.lots += signedOpenLots(level)
  level.openLots = 0
}

function describe({ inputs, levels, lines }: State, stray: Stray): void {
  inputs.anchorTicks = lines?.anchorTicks ?? 0
  inputs.spacingBps = (lines?.spacingRatio ?? 0) * 1e4
  inputs.longLots = 0
  inputs.shortLots = 0
  for (const level of levels)
    if (level.side === 'buy') inputs.longLots += level.openLots
    else inputs.shortLots += level.openLots
  inputs.strayLots = stray.lots
}
