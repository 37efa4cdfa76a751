import type { Random } from '#shared/kernel/random.ts'
import { createParzen } from './parzen.ts'
import type { ScoredTrial } from './sampler.ts'
import { type Dimension, type Parameters, type Space, unitOf, valueAt } from './space.ts'

/** Trials without a model: the split into good and bad means nothing below. */
const tpeStartTrials = 20
/** Share of the history that counts as good, γ of the paper. */
const goodShare = 0.15
/** More kernels blur the good region and cost time. */
const goodTrialsMax = 25
const badTrialsMax = 400
/** Draws from the good density, of which the one with the largest ratio is taken. */
const candidates = 24

/**
 * Tree-structured Parzen estimator: draw from the density `l` of good trials where `l / g` is largest, `g` being the
 * density of the others. That ratio grows with the expected improvement.
 *
 * Parameters are taken as independent, each on its own scale, as in the paper for one branch of the tree. All proposals
 * of one call share the model, which makes them a batch.
 *
 * @see Bergstra, Bardenet, Bengio & Kégl (2011), "Algorithms for Hyper-Parameter Optimization", NIPS 24, section 4
 */
export function proposeByTpe(request: {
  readonly space: Space
  /** One source per proposal. */
  readonly randoms: readonly Random[]
  readonly history: readonly ScoredTrial[]
}): readonly Parameters[] {
  const { space, randoms, history } = request
  if (history.length < tpeStartTrials)
    return randoms.map((random) =>
      Object.fromEntries(space.map((d) => [d.name, valueAt(d, random.uniform())])),
    )
  const { good, bad } = splitHistory(history)
  const models = space.map((dimension) => ({
    dimension,
    draw: dimensionModel(dimension, good, bad),
  }))
  return randoms.map((random) =>
    Object.fromEntries(
      models.map(({ dimension, draw }) => [dimension.name, valueAt(dimension, draw(random))]),
    ),
  )
}

function splitHistory(history: readonly ScoredTrial[]) {
  const ranked = [...history].sort(
    (a, b) =>
      (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY) ||
      a.trial - b.trial,
  )
  const count = Math.min(goodTrialsMax, Math.ceil(goodShare * ranked.length))
  return { good: ranked.slice(0, count), bad: thinned(ranked.slice(count)) }
}

/** Evenly many over the whole ranking, so that a long history keeps its shape. */
function thinned(trials: readonly ScoredTrial[]): readonly ScoredTrial[] {
  if (trials.length <= badTrialsMax) return trials
  const step = trials.length / badTrialsMax
  return Array.from(
    { length: badTrialsMax },
    (_, index) => trials[Math.floor(index * step)] as ScoredTrial,
  )
}

function dimensionModel(
  dimension: Dimension,
  good: readonly ScoredTrial[],
  bad: readonly ScoredTrial[],
): (random: Random) => number {
  const unitsOf = (trials: readonly ScoredTrial[]) =>
    trials.map(({ parameters }) => unitOf(dimension, parameters[dimension.name] as number))
  if (dimension.kind === 'choice')
    return choiceModel(dimension.values.length, unitsOf(good), unitsOf(bad))
  const l = createParzen(unitsOf(good))
  const g = createParzen(unitsOf(bad))
  return (random) => {
    let best = 0.5
    let bestRatio = Number.NEGATIVE_INFINITY
    for (let candidate = 0; candidate < candidates; candidate++) {
      const unit = l.draw(random)
      const ratio = l.logDensity(unit) - g.logDensity(unit)
      if (ratio > bestRatio) {
        bestRatio = ratio
        best = unit
      }
    }
    return best
  }
}

/** Categories have no distance: counts plus one each, as the paper reweights its uniform prior. */
function choiceModel(
  count: number,
  good: readonly number[],
  bad: readonly number[],
): (random: Random) => number {
  const weights = (units: readonly number[]): readonly number[] => {
    const counts = new Array<number>(count).fill(1)
    for (const unit of units) {
      const index = Math.floor(unit * count)
      counts[index] = (counts[index] as number) + 1
    }
    return counts.map((weight) => weight / (units.length + count))
  }
  const l = weights(good)
  const g = weights(bad)
  return (random) => {
    let best = 0
    let bestRatio = Number.NEGATIVE_INFINITY
    for (let candidate = 0; candidate < candidates; candidate++) {
      const index = drawIndex(l, random.uniform())
      const ratio = (l[index] as number) / (g[index] as number)
      if (ratio > bestRatio) {
        bestRatio = ratio
        best = index
      }
    }
    return (best + 0.5) / count
  }
}

function drawIndex(weights: readonly number[], unit: number): number {
  let rest = unit
  for (let index = 0; index < weights.length; index++) {
    rest -= weights[index] as number
    if (rest < 0) return index
  }
  return weights.length - 1
}
