import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderFlowLots, queueImbalance, type TopOfBook, weightedMidTicks } from './order-flow.ts'

const tape: TopOfBook[] = [
  [5_000, 800, 5_002, 600],
  [5_000, 1_000, 5_002, 600],
  [5_000, 1_000, 5_002, 450],
  [5_000, 700, 5_002, 450],
  [5_000, 700, 5_002, 700],
  [5_001, 200, 5_002, 700],
  [5_001, 200, 5_001, 150],
  [5_001, 200, 5_002, 500],
  [5_000, 900, 5_002, 500],
  [5_000, 1_000, 5_002, 420],
  [5_000, 1_000, 5_003, 300],
].map(([bidTicks, bidLots, askTicks, askLots]) => ({
  bidTicks: bidTicks!,
  bidLots: bidLots!,
  askTicks: askTicks!,
  askLots: askLots!,
}))

const top = fc.record({
  bidTicks: fc.integer({ min: 90, max: 100 }),
  bidLots: fc.integer({ min: 0, max: 1_000 }),
  askTicks: fc.integer({ min: 101, max: 110 }),
  askLots: fc.integer({ min: 0, max: 1_000 }),
})

describe('order flow', () => {
  it('reproduces the published vector', () => {
    const flows = tape.slice(1).map((after, index) => orderFlowLots(tape[index]!, after))
    expect(flows).toEqual([200, 150, -300, -250, 200, -150, 150, -200, 180, 420])
    expect(flows.reduce((sum, flow) => sum + flow, 0)).toBe(400)
  })

  it('reproduces the imbalance and the weighted mid of its last book', () => {
    const last = tape.at(-1)!
    expect(queueImbalance(last)).toBeCloseTo(0.5384615385, 10)
    expect(weightedMidTicks(last)! / 100).toBeCloseTo(50.0230769231, 10)
  })

  it('changes its sign when the sides are swapped', () => {
    const mirror = (book: TopOfBook): TopOfBook => ({
      bidTicks: -book.askTicks,
      bidLots: book.askLots,
      askTicks: -book.bidTicks,
      askLots: book.bidLots,
    })
    fc.assert(
      fc.property(top, top, (before, after) => {
        expect(orderFlowLots(mirror(before), mirror(after)) + orderFlowLots(before, after)).toBe(0)
      }),
    )
  })

  it('keeps the weighted mid between the best prices and names nothing for an empty book', () => {
    fc.assert(
      fc.property(top, (book) => {
        const mid = weightedMidTicks(book)
        if (book.bidLots + book.askLots === 0) {
          expect(mid).toBeUndefined()
          expect(queueImbalance(book)).toBeUndefined()
          return
        }
        expect(mid).toBeGreaterThanOrEqual(book.bidTicks)
        expect(mid).toBeLessThanOrEqual(book.askTicks)
        expect(Math.abs(queueImbalance(book)!)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
