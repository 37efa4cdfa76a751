import { describe, expect, it } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import { detectLookAhead, type IndexedDecision } from './look-ahead.ts'

const random = createRandom(3)
const prices = Array.from({ length: 400 }, () => 100 + random.normal())

/** Buys when the price `ahead` bars on is higher; 0 ahead compares with the bar before. */
const strategy =
  (ahead: number, every = 1) =>
  (untilIndex: number): readonly IndexedDecision[] => {
    const seen = prices.slice(0, untilIndex)
    const decisions: IndexedDecision[] = []
    for (let bar = 1; bar < seen.length; bar += every) {
      const other = ahead === 0 ? seen[bar - 1]! : (seen[bar + ahead] ?? seen[bar]!)
      const rises = ahead === 0 ? seen[bar]! > other : other > seen[bar]!
      decisions.push({ index: bar, decision: rises ? 'buy 1' : 'sell 1' })
    }
    return decisions
  }

describe('the look-ahead detector', () => {
  it.each([1, 2, 5])('catches a strategy that sees the price %i bars ahead', (ahead) => {
    const verdict = detectLookAhead({ length: prices.length, run: strategy(ahead) })
    expect(verdict.verdict).toBe('caught')
    if (verdict.verdict !== 'caught') return
    expect(verdict.index).toBeLessThan(verdict.cutIndex)
    expect(verdict.index + ahead).toBeGreaterThanOrEqual(verdict.cutIndex)
    expect(verdict.full).not.toBe(verdict.truncated)
  })

  it('catches one that decides rarely, since cuts fall right after decisions', () => {
    const verdict = detectLookAhead({ length: prices.length, run: strategy(1, 37) })
    expect(verdict.verdict).toBe('caught')
  })

  it('catches whole-sample statistics: a mean over all of time', () => {
    const run = (untilIndex: number) => {
      const seen = prices.slice(0, untilIndex)
      const mean = seen.reduce((sum, price) => sum + price, 0) / seen.length
      return seen.map((price, index) => ({ index, decision: `${(price - mean).toFixed(9)}` }))
    }
    const verdict = detectLookAhead({ length: prices.length, run })
    expect(verdict).toMatchObject({ verdict: 'caught', index: 0 })
  })

  it('catches a decision that is left out because of the future', () => {
    const run = (untilIndex: number) =>
      prices
        .slice(0, untilIndex)
        .map((_, index) => ({ index, decision: 'buy' }))
        .filter(({ index }) => !(prices.slice(0, untilIndex)[index + 1]! < 100))
    expect(detectLookAhead({ length: prices.length, run }).verdict).toBe('caught')
  })

  it('passes an honest strategy and says how much it looked at', () => {
    const verdict = detectLookAhead({ length: prices.length, run: strategy(0), cutsMax: 10 })
    expect(verdict).toEqual({ verdict: 'clean', cuts: 10, decisions: 399 })
  })

  it('does not call silence honest', () => {
    expect(detectLookAhead({ length: 100, run: () => [] })).toEqual({ verdict: 'nothing-decided' })
  })
})
