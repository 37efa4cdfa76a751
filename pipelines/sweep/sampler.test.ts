import { describe, expect, test } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import { createParzen } from './parzen.ts'
import { readDimension } from './read-space.ts'
import { proposeParameters, type SamplerName, type ScoredTrial } from './sampler.ts'
import { gridSize, type Parameters, type Space } from './space.ts'

const space: Space = [readDimension('x=0..1'), readDimension('y=0.01..1:log')]

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)

const propose = (
  sampler: SamplerName,
  trials: readonly number[],
  history: readonly ScoredTrial[] = [],
  seed = 1,
): readonly Parameters[] => proposeParameters({ space, sampler, seed, trials, history })

describe('grid', () => {
  const grid: Space = [readDimension('a=1,2,3'), readDimension('b=0..1:points=4')]
  test('visits every point once, the last parameter fastest', () => {
    const points = proposeParameters({
      space: grid,
      sampler: 'grid',
      seed: 9,
      trials: numbers(0, gridSize(grid)),
      history: [],
    })
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(12)
    expect(points[0]).toEqual({ a: 1, b: 0 })
    expect(points[1]).toEqual({ a: 1, b: 0.333333333333 })
    expect(points[4]).toEqual({ a: 2, b: 0 })
  })
})

describe('random', () => {
  test('gives a trial the same point whoever asks and whenever', () => {
    expect(propose('random', [7, 3])).toEqual([
      propose('random', [7])[0],
      propose('random', numbers(0, 10))[3],
    ])
    expect(propose('random', [3], [], 2)).not.toEqual(propose('random', [3], [], 1))
  })

  test('spreads evenly', () => {
    const points = propose('random', numbers(0, 4_000))
    const counts = new Array<number>(10).fill(0)
    for (const { x } of points) counts[Math.floor((x as number) * 10)]!++
    // Five standard deviations of a bin of 400.
    for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(100)
    const below = points.filter(({ y }) => (y as number) < 0.1).length
    expect(Math.abs(below - 2_000)).toBeLessThan(160)
  })
})

describe('tpe', () => {
  const scoreAt = ({ x, y }: Parameters): number => -((x! - 0.7) ** 2) - (Math.log10(y!) + 1.5) ** 2

  /** Batches of 10, as the sweep does it. */
  function search(sampler: SamplerName, trials: number, seed: number): readonly ScoredTrial[] {
    const history: ScoredTrial[] = []
    for (let from = 0; from < trials; from += 10) {
      const batch = numbers(from, from + 10)
      const points = propose(sampler, batch, history, seed)
      for (const [index, parameters] of points.entries())
        history.push({ trial: batch[index]!, parameters, score: scoreAt(parameters) })
    }
    return history
  }

  const bestOf = (history: readonly ScoredTrial[]): number =>
    Math.max(...history.map(({ score }) => score as number))

  test('finds a peak better than random search with as many trials, on nine of ten seeds', () => {
    const wins = numbers(1, 11).filter(
      (seed) => bestOf(search('tpe', 200, seed)) > bestOf(search('random', 200, seed)),
    )
    expect(wins.length).toBeGreaterThanOrEqual(9)
  })

  test('does not depend on the order of its history', () => {
    const history = search('tpe', 60, 4)
    const turned = [...history].reverse()
    expect(propose('tpe', [60, 61], turned)).toEqual(propose('tpe', [60, 61], history))
  })

  test('ranks trials without a score last', () => {
    const history = numbers(0, 60).map((trial) => {
      const parameters = propose('random', [trial])[0] as Parameters
      return { trial, parameters, score: (parameters.x as number) < 0.5 ? undefined : 1 }
    })
    const points = propose('tpe', numbers(60, 100), history)
    expect(points.filter(({ x }) => (x as number) >= 0.5).length).toBeGreaterThan(35)
  })

  test('prefers the good choice among a list', () => {
    const list: Space = [readDimension('mode=1,2,3')]
    const history = numbers(0, 60).map((trial) => ({
      trial,
      parameters: { mode: 1 + (trial % 3) },
      score: trial % 3 === 1 ? 1 : 0,
    }))
    const request = { space: list, seed: 1, trials: numbers(60, 80), history }
    const points = proposeParameters({ ...request, sampler: 'tpe' })
    expect(points.filter(({ mode }) => mode === 2).length).toBe(20)
  })
})

describe('a Parzen window', () => {
  test.each([[[]], [[0.5]], [[0, 0, 1]], [[0.2, 0.21, 0.22, 0.9]]])(
    'is a density on [0, 1]: %j',
    (points) => {
      const parzen = createParzen(points)
      const steps = 2_000
      let mass = 0
      for (let step = 0; step < steps; step++)
        mass += Math.exp(parzen.logDensity((step + 0.5) / steps)) / steps
      expect(mass).toBeCloseTo(1, 3)
    },
  )

  test('draws as dense as it says', () => {
    const parzen = createParzen([0.2, 0.25, 0.3])
    const random = createRandom(3)
    let left = 0
    for (let draw = 0; draw < 4_000; draw++) if (parzen.draw(random) < 0.4) left++
    let mass = 0
    for (let step = 0; step < 400; step++)
      mass += Math.exp(parzen.logDensity((step + 0.5) / 1_000)) / 1_000
    expect(left / 4_000).toBeCloseTo(mass, 1)
  })
})
