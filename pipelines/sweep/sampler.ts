import { createRandom, type Random } from '#shared/kernel/random.ts'
import { gridSize, gridValues, type Parameters, type Space, valueAt } from './space.ts'
import { proposeByTpe } from './tpe.ts'

export const samplerNames = ['grid', 'random', 'tpe'] as const
export type SamplerName = (typeof samplerNames)[number]

/** A finished trial as a sampler sees it. */
export type ScoredTrial = {
  readonly trial: number
  readonly parameters: Parameters
  /** Larger is better; undefined when the trial has no score (it never traded): worse than every number. */
  readonly score: number | undefined
}

export type Proposal = {
  readonly space: Space
  readonly sampler: SamplerName
  readonly seed: number
  /** Trial numbers to propose for, ascending. */
  readonly trials: readonly number[]
  /** Every trial that the proposal may learn from; grid and random ignore it. */
  readonly history: readonly ScoredTrial[]
}

/** The same number wherever and whenever it is asked: of two numbers, one seed. */
function seedOf(seed: number, trial: number): number {
  let mixed = Math.imul(seed ^ 0x6a09e667, 0x85ebca6b) ^ Math.imul(trial + 1, 0xc2b2ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/**
 * Parameters for trial numbers. A pure function of its arguments, so a sweep that was cut off proposes the same again.
 * Grid and random depend on seed and number only; TPE also on the history, whatever its order.
 *
 * @returns one set of parameters per trial number
 */
export function proposeParameters(proposal: Proposal): readonly Parameters[] {
  const { space, sampler, seed, trials, history } = proposal
  const randomOf = (trial: number): Random => createRandom(seedOf(seed, trial))
  switch (sampler) {
    case 'grid':
      return trials.map((trial) => gridPoint(space, trial))
    case 'random':
      return trials.map((trial) => randomPoint(space, randomOf(trial)))
    case 'tpe':
      return proposeByTpe({ space, randoms: trials.map(randomOf), history })
  }
}

/** Uniform under each dimension's scale. */
const randomPoint = (space: Space, random: Random): Parameters =>
  Object.fromEntries(
    space.map((dimension) => [dimension.name, valueAt(dimension, random.uniform())]),
  )

/** Mixed-radix digits of the trial number; the last parameter changes fastest. */
function gridPoint(space: Space, trial: number): Parameters {
  let rest = trial % gridSize(space)
  const point: Record<string, number> = {}
  for (const dimension of [...space].reverse()) {
    const values = gridValues(dimension)
    point[dimension.name] = values[rest % values.length] as number
    rest = Math.floor(rest / values.length)
  }
  return Object.fromEntries(space.map(({ name }) => [name, point[name] as number]))
}
