import type { TrialSummary } from '#shared/analytics/result.ts'
import { createRandom } from '#shared/kernel/random.ts'
import type { Parameters } from '../space.ts'
import type { OpenedRunner, RunnerSpec } from './runner.ts'

/**
 * A known function in the place of a market, to test the search itself: the mean return of a trial falls with the
 * squared distance of its parameters from 0.3, under noise that depends on the parameters only.
 *
 * Options: `periods` returns per trial (default 64), `edge` mean return at the best place in standard deviations
 * (default 0.3; 0 gives pure noise), `delayMs` busy time per trial (default 0) and `perPass` trials per call (default
 * 50), for tests of an interrupted sweep.
 */
export function openAnalyticRunner({ options }: RunnerSpec): OpenedRunner {
  const periods = Number(options.periods ?? 64)
  const edge = Number(options.edge ?? 0.3)
  const delayMs = Number(options.delayMs ?? 0)
  return {
    variantsPerPass: Number(options.perPass ?? 50),
    run: async (parameters) =>
      parameters.map((point, trial) => {
        const endMs = performance.now() + delayMs
        const summary = analyticTrial(point, trial, periods, edge)
        while (performance.now() < endMs);
        return summary
      }),
  }
}

function analyticTrial(
  parameters: Parameters,
  trial: number,
  periods: number,
  edge: number,
): TrialSummary {
  const values = Object.values(parameters)
  const distance = values.reduce((sum, value) => sum + (value - 0.3) ** 2, 0)
  const random = createRandom(hashOf(values))
  const returns = Array.from(
    { length: periods },
    () => 0.01 * (edge * (1 - distance) + random.normal()),
  )
  const pnlQuote = 10_000 * returns.reduce((sum, value) => sum + value, 0)
  return {
    trial,
    parameters,
    pnlQuote,
    feesQuote: 0,
    tradedNotionalQuote: 0,
    fills: 0,
    maxDrawdownRatio: drawdownOf(returns),
    periodSeconds: 86_400,
    returns,
  }
}

/** Of the bits of the values: neighbours share no noise. */
function hashOf(values: readonly number[]): number {
  const words = new Uint32Array(new Float64Array(values).buffer)
  let hash = 0x811c9dc5
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x01000193)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

function drawdownOf(returns: readonly number[]): number {
  let equity = 1
  let peak = 1
  let worst = 0
  for (const value of returns) {
    equity += value
    peak = Math.max(peak, equity)
    worst = Math.max(worst, 1 - equity / peak)
  }
  return worst
}
