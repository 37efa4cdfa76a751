import { TradingError } from '#shared/kernel/error.ts'
import {
  type Lots,
  type Micros,
  microsPerSecond,
  type QuoteE8,
  type Ticks,
} from '#shared/kernel/unit.ts'
import type { BookDelta, Fill } from '#shared/market/event.ts'
import { type Instrument, notionalE8, type Side, signOf } from '#shared/market/instrument.ts'
import { applyFill, flatPosition, type Position } from '#shared/market/position.ts'
import type { Features } from '#shared/signal/feature/features.ts'
import type { MarkView, QuoteWant, Strategy, TargetWant, Wants } from '../strategy.ts'
import { createTestBook, type TestBook } from './fixtures.ts'

/** One order that rests because a strategy asked for it. */
export type RestingOrder = { readonly want: QuoteWant; remainingLots: number }

/**
 * A strategy on its own: books and marks are set by the test, wants rest at once, fills are dealt by hand. Wants
 * change only by calls: a partial fill leaves them, a full fill ends them.
 */
export type Stage = {
  readonly resting: Map<number, RestingOrder>
  readonly targets: Map<number, TargetWant>
  readonly books: TestBook[]
  readonly marks: (MarkView | undefined)[]
  readonly features: Features[]
  /** Calls that changed something. */
  changes: number
  capitalE8: QuoteE8
  nowUs: number
  inventoryLots(id: number): number
  position(id: number): Position
  /** Realised P&L before fees, so far. */
  realisedE8(): QuoteE8
  orders(side?: Side): RestingOrder[]
  /** Sets the best prices and tells the strategy, `afterUs` later. */
  tick(id: number, bidTicks: number, askTicks: number, afterUs?: number): void
  timer(afterUs?: number): void
  /** Fills a resting order, wholly unless `lots` is given. */
  fill(slot: number, lots?: number): void
  /** A fill of no order the strategy knows of. */
  fillOutside(id: number, side: Side, priceTicks: number, lots: number): void
  loseBook(id: number): void
}

export function createStage(
  strategy: Strategy,
  instruments: readonly Instrument[],
  start: { readonly capitalE8: QuoteE8; readonly bidTicks: number; readonly askTicks: number },
): Stage {
  const positions = instruments.map(flatPosition)
  const resting: Stage['resting'] = new Map()
  const targets: Stage['targets'] = new Map()
  let realisedE8 = 0n
  let tradeId = 0

  const wants: Wants = {
    quote(want) {
      const current = resting.get(want.slot)?.want
      if (
        current?.side === want.side &&
        current.priceTicks === want.priceTicks &&
        current.sizeLots === want.sizeLots
      )
        return
      const book = stage.books[want.instrumentId]!
      const isCrossing =
        want.side === 'buy'
          ? want.priceTicks >= book.bestAskTicks
          : want.priceTicks <= book.bestBidTicks
      if (isCrossing || !book.isLive)
        throw new TradingError('STATE_CORRUPT', `quote at ${want.priceTicks} would take`)
      resting.set(want.slot, { want, remainingLots: want.sizeLots })
      stage.changes++
    },
    withdraw(_id, slot) {
      if (resting.delete(slot)) stage.changes++
    },
    target(want) {
      targets.set(want.instrumentId, want)
      stage.changes++
    },
  }
  const view = {
    get nowUs() {
      return stage.nowUs as Micros
    },
    get capitalE8() {
      return stage.capitalE8
    },
    instrument: (id: number) => instruments[id]!,
    book: (id: number) => stage.books[id]!,
    mark: (id: number) => stage.marks[id],
    features: (id: number) => stage.features[id]!,
    inventoryLots: (id: number) => positions[id]!.lots,
    entryTicks: () => undefined,
  }
  const timed = () => ({
    eventTimeUs: stage.nowUs as Micros,
    receiveTimeUs: stage.nowUs as Micros,
  })
  const deliverFill = (id: number, side: Side, priceTicks: number, lots: number) => {
    const sign = signOf(side)
    const costE8 = BigInt(sign) * notionalE8(instruments[id]!, priceTicks, lots)
    const realised = applyFill(positions[id]!, sign * lots, costE8)
    realisedE8 += realised
    const fill: Fill = {
      kind: 'fill',
      ...timed(),
      instrumentId: id,
      clientOrderId: 'test',
      venueOrderId: 'test',
      tradeId: ++tradeId,
      side,
      priceTicks: priceTicks as Ticks,
      sizeLots: lots as Lots,
      liquidity: 'maker',
      feeE8: 0n,
      realisedPnlE8: realised,
    }
    strategy.on(fill, view, wants)
  }

  const stage: Stage = {
    resting,
    targets,
    books: instruments.map(() => createTestBook(start.bidTicks, start.askTicks)),
    marks: instruments.map(() => undefined),
    features: instruments.map(() => ({
      volatilityTicks: undefined,
      intensity: undefined,
      imbalance: undefined,
    })),
    changes: 0,
    capitalE8: start.capitalE8,
    nowUs: 1_700_000_000 * microsPerSecond,
    inventoryLots: (id) => positions[id]!.lots,
    position: (id) => positions[id]!,
    realisedE8: () => realisedE8,
    orders: (side) =>
      [...resting.values()].filter(({ want }) => side === undefined || want.side === side),
    tick(id, bidTicks, askTicks, afterUs = 100_000) {
      stage.nowUs += afterUs
      const book = stage.books[id]!
      book.isLive = true
      book.bestBidTicks = bidTicks
      book.bestAskTicks = askTicks
      book.receiveTimeUs = stage.nowUs as Micros
      strategy.on(delta(id), view, wants)
    },
    timer(afterUs = microsPerSecond) {
      stage.nowUs += afterUs
      strategy.on({ kind: 'timer', ...timed() }, view, wants)
    },
    fill(slot, lots) {
      const order = resting.get(slot)!
      const { instrumentId, side, priceTicks } = order.want
      const filled = Math.min(lots ?? order.remainingLots, order.remainingLots)
      order.remainingLots -= filled
      if (order.remainingLots === 0) resting.delete(slot)
      deliverFill(instrumentId, side, priceTicks, filled)
    },
    fillOutside: deliverFill,
    loseBook(id) {
      stage.books[id]!.isLive = false
      strategy.on({ kind: 'book-lost', ...timed(), instrumentId: id, reason: 'test' }, view, wants)
    },
  }
  const delta = (id: number): BookDelta => ({
    kind: 'book-delta',
    ...timed(),
    instrumentId: id,
    levels: new Int32Array(0),
    bidCount: 0,
    askCount: 0,
    sequenceFirst: 1,
    sequence: 1,
    sequencePrevious: 0,
  })
  return stage
}
