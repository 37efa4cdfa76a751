import { TradingError } from '#shared/kernel/error.ts'
import { countCombinations, splitsMax } from './combination.ts'

/** What a trial is ranked by within a half: its Sharpe ratio, or its mean return. */
export type RankMetric = 'sharpe' | 'mean'

/** Outcome of combinatorially symmetric cross-validation. */
export type PboResult = {
  /** Share of splits whose in-sample winner is in the lower half out of sample, `P(λ ≤ 0)`, 0 to 1. */
  readonly pbo: number
  /** `C(S, S/2)`. */
  readonly splits: number
  /** `λ = ln(ω / (1 − ω))` of each split, `ω = rank out of sample / (N + 1)`. */
  readonly logits: readonly number[]
  /** Share of splits whose in-sample winner lost money out of sample. */
  readonly probabilityOfLoss: number
  /** Oldest rows left out so that all blocks have one length. */
  readonly rowsDropped: number
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation.
 *
 * Rows are cut into `S` blocks of time. Every choice of half of them is once in sample; the trial that wins there is
 * ranked among all trials on the other half. A selection that means nothing gives about 0.5.
 * A trial that never varies ranks as zero, above or below everything by the sign of its mean. Ties share their rank.
 *
 * @param input.trials - one column of returns per trial, equal lengths, same times
 * @param input.blocks - `S`, even, 2 to 16; 16 gives 12,870 splits
 * @throws TradingError STATISTIC_INVALID for fewer than two trials, unequal columns, odd `S` or too few rows
 * @see Bailey, Borwein, López de Prado & Zhu (2017), "The Probability of Backtest Overfitting", Journal of
 *   Computational Finance 20(4), 39–69
 */
export function probabilityOfOverfitting(input: {
  readonly trials: readonly ArrayLike<number>[]
  readonly blocks: number
  readonly metric?: RankMetric
}): PboResult {
  const { blocks, metric = 'sharpe' } = input
  const { sums, squares, rowsPerBlock, rowsDropped } = blockSums(input.trials, blocks)
  const trialCount = input.trials.length
  const totals = totalOf(sums, trialCount)
  const totalSquares = totalOf(squares, trialCount)
  const half = blocks / 2
  const rows = rowsPerBlock * half
  const depth = (from: Float64Array[]) =>
    Array.from({ length: half + 1 }, (_, level) => from[level] ?? new Float64Array(trialCount))
  const inSum = depth([])
  const inSquare = depth([])
  const outScores = new Float64Array(trialCount)
  const logits: number[] = []
  let losses = 0

  const judge = () => {
    const sum = inSum[half]!
    const square = inSquare[half]!
    let winner = 0
    let best = Number.NEGATIVE_INFINITY
    for (let trial = 0; trial < trialCount; trial++) {
      const score = scoreOf(sum[trial]!, square[trial]!, rows, metric)
      if (score > best) {
        best = score
        winner = trial
      }
      outScores[trial] = scoreOf(
        totals[trial]! - sum[trial]!,
        totalSquares[trial]! - square[trial]!,
        rows,
        metric,
      )
    }
    if (totals[winner]! - sum[winner]! < 0) losses++
    const omega = rankOf(outScores, winner) / (trialCount + 1)
    logits.push(Math.log(omega / (1 - omega)))
  }
  // Depth first: each partial sum is made once and shared by all the splits below it.
  const choose = (level: number, from: number) => {
    if (level === half) return judge()
    for (let block = from; block <= blocks - (half - level); block++) {
      addBlock(inSum[level]!, sums, block, inSum[level + 1]!)
      addBlock(inSquare[level]!, squares, block, inSquare[level + 1]!)
      choose(level + 1, block + 1)
    }
  }
  choose(0, 0)

  const splits = logits.length
  return {
    pbo: logits.filter((logit) => logit <= 0).length / splits,
    splits,
    logits,
    probabilityOfLoss: losses / splits,
    rowsDropped,
  }
}

/** Per block and trial, laid out block by block: sums of returns and of their squares. */
function blockSums(trials: readonly ArrayLike<number>[], blocks: number) {
  const length = trials[0]?.length ?? 0
  const refuse = (why: string) => new TradingError('STATISTIC_INVALID', `PBO: ${why}`)
  if (trials.length < 2) throw refuse(`needs at least two trials, got ${trials.length}`)
  if (
    !Number.isInteger(blocks / 2) ||
    blocks < 2 ||
    countCombinations(blocks, blocks / 2) > splitsMax
  )
    throw refuse(`the number of blocks must be even and 2 to 20, got ${blocks}`)
  const rowsPerBlock = Math.floor(length / blocks)
  if (rowsPerBlock < 1) throw refuse(`${length} returns cannot fill ${blocks} blocks`)
  const rowsDropped = length - rowsPerBlock * blocks
  const sums = new Float64Array(blocks * trials.length)
  const squares = new Float64Array(blocks * trials.length)
  for (const [trial, column] of trials.entries()) {
    if (column.length !== length)
      throw refuse(`trial ${trial} has ${column.length} returns, trial 0 has ${length}`)
    for (let block = 0; block < blocks; block++) {
      const first = rowsDropped + block * rowsPerBlock
      let sum = 0
      let square = 0
      for (let row = first; row < first + rowsPerBlock; row++) {
        sum += column[row]!
        square += column[row]! * column[row]!
      }
      if (!Number.isFinite(square)) throw refuse(`trial ${trial} has a return that is no number`)
      sums[block * trials.length + trial] = sum
      squares[block * trials.length + trial] = square
    }
  }
  return { sums, squares, rowsPerBlock, rowsDropped }
}

function totalOf(byBlock: Float64Array, trialCount: number): Float64Array {
  const totals = new Float64Array(trialCount)
  for (let index = 0; index < byBlock.length; index++)
    totals[index % trialCount]! += byBlock[index]!
  return totals
}

function addBlock(before: Float64Array, byBlock: Float64Array, block: number, after: Float64Array) {
  const offset = block * before.length
  for (let trial = 0; trial < before.length; trial++)
    after[trial] = before[trial]! + byBlock[offset + trial]!
}

/** Orders trials as their Sharpe ratio does, without the root and the `n − 1`, which are the same for all. */
function scoreOf(sum: number, square: number, rows: number, metric: RankMetric): number {
  const average = sum / rows
  if (metric === 'mean') return average
  const spread = square / rows - average * average
  // What cancellation leaves of a constant column is rounding, not variance.
  if (spread <= (square / rows) * 1e-12)
    return Math.abs(average) < 1e-15 ? 0 : Math.sign(average) * Number.POSITIVE_INFINITY
  return average / Math.sqrt(spread)
}

/** 1 for the worst, N for the best; equals share the middle of their ranks. */
function rankOf(scores: Float64Array, winner: number): number {
  const own = scores[winner]!
  let below = 0
  let equal = 0
  for (let trial = 0; trial < scores.length; trial++) {
    if (scores[trial]! < own) below++
    else if (scores[trial]! === own) equal++
  }
  return below + (equal + 1) / 2
}
