import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import {
  flowSpread,
  optimalSpread,
  reservationPrice,
} from '#shared/strategy/quoting/avellaneda-stoikov.ts'

/** The market of the paper: mid 100, one day of 200 steps. */
const [midQuote, variancePerSecond, decayPerQuote, fillsPerSecond] = [100, 4, 1.5, 140]
const [stepCount, stepSeconds] = [200, 0.005]
/**
 * The reference runs had 50,000 paths and ask for 0.3 % of the mean and 1.5 % of the deviations; 20,000 save more than
 * half of the time, and one standard error of theirs is added (0.15 % and 0.5 %). The paper itself had 1,000.
 */
const [pathCountReference, pathCountPaper] = [20_000, 10_000]
const [meanTolerance, deviationTolerance] = [0.003 + 0.0015, 0.015 + 0.005]
/** Inventories beyond this are not met: it is over ten standard deviations. */
const inventoryMax = 100

type Quoting = 'inventory' | 'symmetric'
/** `full` follows eq. (3.18), `flow` keeps only its constant term, as the paper's tables print it. */
type Spread = 'full' | 'flow'
type Outcome = { mean: number; deviation: number; inventoryDeviation: number }

/** Fill probability of both quotes in every step and for every inventory, and their prices relative to the mid. */
function tabulate(quoting: Quoting, spread: Spread, gammaPerQuote: number) {
  const width = 2 * inventoryMax + 1
  const tables = {
    bidDepth: new Float64Array(stepCount * width),
    askDepth: new Float64Array(stepCount * width),
    bidFill: new Float64Array(stepCount * width),
    askFill: new Float64Array(stepCount * width),
  }
  for (let step = 0; step < stepCount; step++) {
    const horizonSeconds = 1 - step * stepSeconds
    const inputs = { gammaPerQuote, variancePerSecond, decayPerQuote, horizonSeconds }
    const half = (spread === 'full' ? optimalSpread(inputs) : flowSpread(inputs)) / 2
    for (let column = 0; column < width; column++) {
      const inventoryBase = column - inventoryMax
      const reservation =
        quoting === 'inventory' ? reservationPrice({ ...inputs, midQuote: 0, inventoryBase }) : 0
      const cell = step * width + column
      const fill = (depth: number) =>
        Math.min(1, fillsPerSecond * Math.exp(-decayPerQuote * depth) * stepSeconds)
      tables.bidDepth[cell] = half - reservation
      tables.askDepth[cell] = half + reservation
      tables.bidFill[cell] = fill(half - reservation)
      tables.askFill[cell] = fill(half + reservation)
    }
  }
  return tables
}

function simulate(
  quoting: Quoting,
  spread: Spread,
  gammaPerQuote: number,
  seed: number,
  pathCount: number,
): Outcome {
  const { bidDepth, askDepth, bidFill, askFill } = tabulate(quoting, spread, gammaPerQuote)
  const { uniform } = createRandom(seed)
  const width = 2 * inventoryMax + 1
  const move = Math.sqrt(variancePerSecond * stepSeconds)
  let [sum, squares, inventorySum, inventorySquares] = [0, 0, 0, 0]
  for (let path = 0; path < pathCount; path++) {
    let mid = midQuote
    let cash = 0
    let inventory = 0
    for (let step = 0; step < stepCount; step++) {
      const cell = step * width + inventory + inventoryMax
      if (uniform() < bidFill[cell]!) {
        inventory++
        cash -= mid - bidDepth[cell]!
      }
      if (uniform() < askFill[cell]!) {
        inventory--
        cash += mid + askDepth[cell]!
      }
      mid += uniform() < 0.5 ? move : -move
    }
    const profit = cash + inventory * mid
    sum += profit
    squares += profit * profit
    inventorySum += inventory
    inventorySquares += inventory * inventory
  }
  const spreadOf = (total: number, totalSquares: number) =>
    Math.sqrt((totalSquares - total ** 2 / pathCount) / (pathCount - 1))
  return {
    mean: sum / pathCount,
    deviation: spreadOf(sum, squares),
    inventoryDeviation: spreadOf(inventorySum, inventorySquares),
  }
}

const gammas = [0.01, 0.1, 0.5] as const

describe('Avellaneda & Stoikov (2008), simulated market', () => {
  const full = {} as Record<Quoting, Map<number, Outcome>>
  beforeAll(() => {
    for (const quoting of ['inventory', 'symmetric'] as const)
      full[quoting] = new Map(
        gammas.map((gamma, index) => [
          gamma,
          simulate(quoting, 'full', gamma, 100 + index, pathCountReference),
        ]),
      )
  }, 60_000)

  it.each([
    ['inventory', 0.01, 68.38, 8.89, 5.2],
    ['symmetric', 0.01, 68.57, 13.67, 8.68],
    ['inventory', 0.1, 64.94, 6.54, 2.9],
    ['symmetric', 0.1, 68.05, 13.3, 8.41],
    ['inventory', 0.5, 48.54, 5.88, 1.96],
    ['symmetric', 0.5, 58.31, 11.61, 7.1],
  ] as const)('%s quotes at γ=%d match the reference run', (quoting, gamma, mean, std, stdQ) => {
    const outcome = full[quoting].get(gamma)!
    expect(Math.abs(outcome.mean / mean - 1)).toBeLessThan(meanTolerance)
    expect(Math.abs(outcome.deviation / std - 1)).toBeLessThan(deviationTolerance)
    expect(Math.abs(outcome.inventoryDeviation / stdQ - 1)).toBeLessThan(deviationTolerance)
  })

  it('the inventory strategy gives up a little profit for much less risk', () => {
    for (const gamma of gammas) {
      const inventory = full.inventory.get(gamma)!
      const symmetric = full.symmetric.get(gamma)!
      expect(inventory.deviation).toBeLessThan(0.75 * symmetric.deviation)
      expect(inventory.inventoryDeviation).toBeLessThan(0.7 * symmetric.inventoryDeviation)
      expect(inventory.mean).toBeLessThanOrEqual(symmetric.mean)
    }
  })

  it('holds less inventory the more it fears risk', () => {
    const held = gammas.map((gamma) => full.inventory.get(gamma)!.inventoryDeviation)
    expect(held[0]).toBeGreaterThan(held[1]!)
    expect(held[1]).toBeGreaterThan(held[2]!)
  })

  // The paper's γ = 0.5 inventory row is reproduced by no known convention and is left out.
  it.each([
    ['inventory', 0.1, 62.94, 5.89, 2.8],
    ['symmetric', 0.1, 67.21, 13.43, 8.66],
    ['inventory', 0.01, 66.78, 8.76, 4.7],
    ['symmetric', 0.01, 67.36, 13.4, 8.65],
  ] as const)(
    '%s quotes at γ=%d are near the published table',
    (quoting, gamma, mean, std, stdQ) => {
      const outcome = simulate(quoting, 'flow', gamma, 7, pathCountPaper)
      expect(Math.abs(outcome.mean / mean - 1)).toBeLessThan(0.05)
      expect(Math.abs(outcome.deviation / std - 1)).toBeLessThan(0.08)
      expect(Math.abs(outcome.inventoryDeviation / stdQ - 1)).toBeLessThan(0.12)
    },
  )
})
