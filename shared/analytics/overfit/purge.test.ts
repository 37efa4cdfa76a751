import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import { combinatorialPaths, combinatorialSplits } from './cpcv.ts'
import { combinatorialFolds, cutGroups, purgedFolds, purgedTraining } from './purge.ts'
import { walkForwardSplits } from './walk-forward.ts'

const labelsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 60 })), {
    minLength: 12,
    maxLength: 60,
  })
  .map((steps) => {
    let time = 0
    const startUs = steps.map(([gap]) => {
      time += gap
      return time
    })
    return { startUs, endUs: startUs.map((start, index) => start + steps[index]![1]) }
  })

const overlap = (a: readonly [number, number], b: readonly [number, number]) =>
  a[0] <= b[1] && b[0] <= a[1]

describe('combinatorial purged cross-validation', () => {
  it('uses every (split, group) pair exactly once across its paths', () => {
    const shapes = fc
      .tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 8 }))
      .filter(([groups, testGroups]) => testGroups < groups)
    fc.assert(
      fc.property(shapes, ([groups, testGroups]) => {
        const shape = { groups, testGroups }
        const splits = combinatorialSplits(shape)
        const used = combinatorialPaths(shape).flatMap((path) => {
          expect(path).toHaveLength(groups)
          return path.map((split, group) => {
            expect(splits[split]).toContain(group)
            return `${split}:${group}`
          })
        })
        expect(new Set(used).size).toBe(used.length)
        expect(used).toHaveLength(splits.length * testGroups)
      }),
    )
  })

  it('trains on no label that meets a tested one, and on nothing within the embargo', () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.integer({ min: 0, max: 40 }), (labels, embargoUs) => {
        const { startUs, endUs } = labels
        const shape = { groups: 6, testGroups: 2 }
        const groups = cutGroups(startUs.length, 6)
        const splits = combinatorialSplits(shape)
        for (const [split, { train, test }] of combinatorialFolds({
          ...labels,
          ...shape,
          embargoUs,
        }).entries()) {
          for (const one of train)
            for (const other of test)
              expect(overlap([startUs[one]!, endUs[one]!], [startUs[other]!, endUs[other]!])).toBe(
                false,
              )
          for (const group of splits[split]!) {
            const { from, to } = groups[group]!
            const lastUs = Math.max(...endUs.slice(from, to))
            for (const one of train)
              if (one >= to) expect(startUs[one]!).toBeGreaterThan(lastUs + embargoUs)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('leaves out no more than purge and embargo ask for', () => {
    const startUs = Array.from({ length: 100 }, (_, index) => index * 10)
    const endUs = startUs.map((start) => start + 25)
    const train = purgedTraining({
      startUs,
      endUs,
      testRanges: [{ from: 40, to: 50 }],
      embargoUs: 30,
    })
    // 38 and 39 end within the test; the test ends at 515, the embargo at 545.
    expect(train).toEqual([...Array(38).keys(), ...Array.from({ length: 45 }, (_, i) => 55 + i)])
  })

  it('refuses labels that are not sorted or end before they start', () => {
    const ask = (startUs: number[], endUs: number[]) =>
      purgedTraining({ startUs, endUs, testRanges: [{ from: 0, to: 1 }], embargoUs: 0 })
    expect(() => ask([5, 1], [6, 6])).toThrow(/label 1 starts before/)
    expect(() => ask([5], [4])).toThrow(/label 0 ends before/)
    expect(() => combinatorialSplits({ groups: 3, testGroups: 3 })).toThrow(/cannot test 3 of 3/)
  })
})

describe('walk forward', () => {
  it('never trains on a label that is not decided an embargo before the test', () => {
    fc.assert(
      fc.property(
        labelsArbitrary,
        fc.integer({ min: 20, max: 100 }),
        fc.integer({ min: 5, max: 80 }),
        fc.integer({ min: 0, max: 19 }),
        fc.boolean(),
        (labels, trainUs, testUs, embargoUs, isExpanding) => {
          const folds = walkForwardSplits({ ...labels, trainUs, testUs, embargoUs, isExpanding })
          const tested = folds.flatMap(({ test }) => test)
          expect(new Set(tested).size).toBe(tested.length)
          for (const { train, test, testStartUs, testEndUs, trainStartUs } of folds) {
            for (const one of train) {
              expect(labels.endUs[one]!).toBeLessThan(testStartUs - embargoUs)
              expect(labels.startUs[one]!).toBeGreaterThanOrEqual(trainStartUs)
            }
            for (const one of test) {
              expect(labels.startUs[one]!).toBeGreaterThanOrEqual(testStartUs)
              expect(labels.startUs[one]!).toBeLessThan(testEndUs)
            }
          }
        },
      ),
    )
  })

  it('rolls or expands', () => {
    const startUs = Array.from({ length: 10 }, (_, index) => index)
    const shape = { startUs, endUs: startUs, trainUs: 4, testUs: 2, embargoUs: 1 }
    const sizes = (isExpanding: boolean) =>
      walkForwardSplits({ ...shape, isExpanding }).map(({ train, test }) => [train, test])
    expect(sizes(false)).toEqual([
      [
        [0, 1, 2],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [6, 7],
      ],
      [
        [4, 5, 6],
        [8, 9],
      ],
    ])
    expect(sizes(true)[2]).toEqual([
      [0, 1, 2, 3, 4, 5, 6],
      [8, 9],
    ])
    expect(() => walkForwardSplits({ ...shape, embargoUs: 4 })).toThrow(/embargo < training/)
  })
})

/**
 * A feature that wanders slowly and labels that overlap, with nothing in common: whoever finds an edge here has only
 * found the neighbour in time whose label is nearly the same.
 */
function worthlessExamples(seed: number, count: number, horizon: number) {
  const random = createRandom(seed)
  const steps = Array.from({ length: count + horizon }, () => random.normal())
  let level = 0
  const feature = Array.from({ length: count }, () => {
    level += 0.3 + random.normal()
    return level
  })
  const ahead = feature.map((_, index) =>
    steps.slice(index, index + horizon).reduce((sum, step) => sum + step, 0),
  )
  // Half of the labels are true, or agreeing with a neighbour would beat one half without any edge.
  const median = [...ahead].sort((a, b) => a - b)[count / 2]!
  const label = ahead.map((sum) => sum >= median)
  const startUs = feature.map((_, index) => index)
  return { feature, label, startUs, endUs: startUs.map((start) => start + horizon) }
}

/** Share of tested examples whose nearest trained neighbour has their label. */
function neighbourAccuracy(
  { feature, label }: { feature: readonly number[]; label: readonly boolean[] },
  folds: readonly { readonly train: readonly number[]; readonly test: readonly number[] }[],
) {
  let right = 0
  let tested = 0
  for (const { train, test } of folds)
    for (const one of test) {
      let nearest = train[0]!
      for (const other of train)
        if (Math.abs(feature[other]! - feature[one]!) < Math.abs(feature[nearest]! - feature[one]!))
          nearest = other
      tested++
      if (label[nearest] === label[one]) right++
    }
  return right / tested
}

describe('labels that overlap and mean nothing', () => {
  const count = 300
  const horizon = 20
  const naiveFolds = (seed: number) => {
    const random = createRandom(seed + 1_000)
    const fold = Array.from({ length: count }, () => random.integer(5))
    const indices = fold.map((_, index) => index)
    return [0, 1, 2, 3, 4].map((tested) => ({
      train: indices.filter((index) => fold[index] !== tested),
      test: indices.filter((index) => fold[index] === tested),
    }))
  }
  const seeds = Array.from({ length: 40 }, (_, index) => index + 1)
  const average = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length

  it('give an edge under naive k-fold and none under purged cross-validation', () => {
    const naive = seeds.map((seed) =>
      neighbourAccuracy(worthlessExamples(seed, count, horizon), naiveFolds(seed)),
    )
    const purged = seeds.map((seed) => {
      const examples = worthlessExamples(seed, count, horizon)
      return neighbourAccuracy(examples, purgedFolds({ ...examples, folds: 5, embargoUs: horizon }))
    })
    expect(average(naive)).toBeGreaterThan(0.65)
    expect(Math.abs(average(purged) - 0.5)).toBeLessThan(0.05)
  })

  it('give none anywhere once they are shuffled', () => {
    const shuffled = seeds.map((seed) => {
      const examples = worthlessExamples(seed, count, horizon)
      const random = createRandom(seed + 2_000)
      const label = [...examples.label]
      for (let last = label.length - 1; last > 0; last--) {
        const other = random.integer(last + 1)
        const kept = label[last]!
        label[last] = label[other]!
        label[other] = kept
      }
      return neighbourAccuracy(
        { ...examples, label },
        purgedFolds({ ...examples, folds: 5, embargoUs: horizon }),
      )
    })
    expect(Math.abs(average(shuffled) - 0.5)).toBeLessThan(0.03)
  })
})
