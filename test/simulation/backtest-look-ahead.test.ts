import { describe, expect, test } from 'vitest'
import { detectInTape } from '#pipelines/backtest/look-ahead-check.ts'
import { createRandom } from '#shared/kernel/random.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import {
  at,
  createTapeMaker,
  openScript,
  type Script,
} from '#shared/simulation/backtest/world.fixture.ts'

/** A random walk of one-tick steps, ten updates a second for two minutes. */
function randomWalk(): MarketEvent[] {
  const random = createRandom(11)
  const make = createTapeMaker()
  let bid = 640_000
  const events = [make.snapshot(0, [[bid, 9]], [[bid + 10, 9]])]
  for (let index = 1; index < 1_200; index++) {
    const before = bid
    bid += random.uniform() < 0.5 ? 1 : -1
    // The new price first: a side of a book is never empty in between.
    const bids = [
      [bid, 9],
      [before, 0],
    ] as const
    const asks = [
      [bid + 10, 9],
      [before + 10, 0],
    ] as const
    events.push(make.delta(index / 10, bids, asks))
  }
  return events
}

const bidOf = (event: MarketEvent): number => ('levels' in event ? event.levels[0]! : 0)

/** Long when the price will be higher in a second than it is now; what it knows of the future is up to `known`. */
const peeking = (known: readonly MarketEvent[]): Script => {
  let lastUs = 0
  return (event, view, wants) => {
    if (event.kind !== 'book-delta' || view.nowUs - lastUs < 5_000_000) return
    lastUs = view.nowUs
    const later = known.find(({ eventTimeUs }) => eventTimeUs > event.eventTimeUs + 1_000_000)
    const { bestBidTicks } = view.book(0)
    const targetLots = later && bidOf(later) > bestBidTicks ? 5 : 0
    wants.target({ instrumentId: 0, targetLots, limitTicks: bestBidTicks + 500, reason: 'test' })
  }
}

/** Long when the price is higher than five seconds ago. */
const following = (): Script => {
  let lastUs = 0
  let before = 0
  return (event, view, wants) => {
    if (event.kind !== 'book-delta' || view.nowUs - lastUs < 5_000_000) return
    const { bestBidTicks } = view.book(0)
    const limitTicks = bestBidTicks > before ? bestBidTicks + 500 : bestBidTicks - 500
    const targetLots = bestBidTicks > before ? 5 : 0
    wants.target({ instrumentId: 0, targetLots, limitTicks, reason: 'test' })
    lastUs = view.nowUs
    before = bestBidTicks
  }
}

describe('the look-ahead detector on a tape', () => {
  const tape = randomWalk()

  test('catches a strategy that is fed the price of the next second', () => {
    const verdict = detectInTape(tape, (known, onIntent) =>
      openScript({ script: peeking(known), startUs: at(0), more: { onIntent } }),
    )
    expect(verdict.verdict).toBe('caught')
  })

  test('has nothing against one that looks back', () => {
    const verdict = detectInTape(tape, (_known, onIntent) =>
      openScript({ script: following(), startUs: at(0), more: { onIntent } }),
    )
    expect(verdict).toMatchObject({ verdict: 'clean' })
    expect(verdict).toHaveProperty('decisions', expect.any(Number))
  })
})
