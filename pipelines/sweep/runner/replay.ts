import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { baseFromLots, type Instrument, quoteFromTicks } from '#shared/market/instrument.ts'
import { estimateConfig } from '#shared/simulation/replay/estimate.ts'
import { type ReplayConfig, replayGlft } from '#shared/simulation/replay/replay.ts'
import {
  createTapePacker,
  feedShiftUs,
  type PackedTape,
  shareTape,
  type TapeBlock,
  tapeOfBlocks,
} from '#shared/simulation/replay/tape.ts'
import type { Parameters } from '../space.ts'
import { checkReplaySettings, runDefaults, variantOf } from './replay-setting.ts'
import type { OpenedRunner, RunnerSpec } from './runner.ts'

/** A recorded market, packed once and shared by all threads. */
export type ReplayMarket = { readonly tape: PackedTape; readonly instrument: Instrument }

/** Half a minute of the usual steps: fewer say nothing of volatility and fills. */
const windowStepsLeast = 300

/**
 * Reads and packs the tapes. Two passes: a local clock that ran behind the venue's is put right first.
 *
 * @throws TradingError OPTION_INVALID when the spec names what this engine has not, or when the tapes end before it
 * would begin to quote; FILE_UNREADABLE, TAPE_*
 */
export async function prepareReplay(spec: RunnerSpec): Promise<ReplayMarket> {
  checkReplaySettings(spec)
  const first = await openTape(spec.paths)
  const [instrument] = first.header.instruments
  if (!instrument || first.header.instruments.length > 1)
    throw new TradingError('OPTION_INVALID', `${spec.paths[0]}: a sweep takes a tape of one market`)
  let receiveShiftUs = 0
  for await (const batch of first.batches)
    receiveShiftUs = Math.max(receiveShiftUs, feedShiftUs(batch))
  const blocks: TapeBlock[] = []
  const packer = createTapePacker({ emit: (block) => blocks.push(block), receiveShiftUs })
  for await (const batch of (await openTape(spec.paths)).batches)
    for (const event of batch) packer.push(event)
  packer.end()
  checkWarmUp(spec, blocks)
  return { tape: shareTape(tapeOfBlocks(blocks)), instrument }
}

/** Nothing is quoted before the window is full once: on a shorter tape every trial would look alike, and be nothing. */
function checkWarmUp({ options, paths }: RunnerSpec, blocks: readonly TapeBlock[]): void {
  const windowSteps = Number(options.windowSteps ?? runDefaults.windowSteps)
  const stepMs = Number(options.stepMs ?? runDefaults.stepMs)
  const spanMs =
    ((blocks.at(-1)?.exchangeTimeUs.at(-1) ?? 0) - (blocks[0]?.exchangeTimeUs[0] ?? 0)) /
    microsPerMilli
  if (spanMs > windowSteps * stepMs) return
  const stepsAdvised = Math.floor(spanMs / stepMs / 5)
  const advice =
    stepsAdvised < windowStepsLeast
      ? ''
      : `, or a shorter warm-up with --set windowSteps=${stepsAdvised}`
  throw new TradingError(
    'OPTION_INVALID',
    `${paths.join(', ')}: ${minutes(spanMs)} of market, and the engine warms up for ${minutes(windowSteps * stepMs)} (windowSteps ${windowSteps} of ${stepMs} ms), so no trial would ever quote; take a longer tape${advice}`,
  )
}

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`

/** Many variants of GLFT over one recorded market in one pass. */
export function openReplayRunner(
  spec: RunnerSpec,
  { tape, instrument }: ReplayMarket,
): OpenedRunner {
  const setting = (name: keyof typeof runDefaults): number =>
    Number(spec.options[name] ?? runDefaults[name])
  const periodSeconds = setting('returnSeconds')
  const exponent = setting('queueExponent')
  const config: Omit<ReplayConfig, 'variants'> = {
    latency: {
      entryUs: Math.round(1_000 * setting('entryMs')),
      responseUs: Math.round(1_000 * setting('responseMs')),
    },
    queue: exponent === 0 ? { kind: 'risk-averse' } : { kind: 'power-prob', exponent },
    fees: { makerFeePpm: Number(spec.options.makerFeePpm ?? instrument.makerFeePpm) },
    stepUs: Math.round(1_000 * setting('stepMs')),
    market: { tickQuote: quoteFromTicks(instrument, 1), lotBase: baseFromLots(instrument, 1) },
    estimate: {
      ...estimateConfig,
      windowSteps: setting('windowSteps'),
      refitSteps: setting('refitSteps'),
    },
    equity: { periodUs: periodSeconds * microsPerSecond, startQuote: setting('equityQuote') },
  }
  return {
    variantsPerPass: 64,
    run: async (parameters) => {
      const variants = parameters.map((point) => variantOf(spec, point))
      const result = replayGlft({ ...config, tape, variants })
      return result.variants.map((variant, trial) => {
        if (variant.pnlQuote === undefined)
          throw new TradingError('TAPE_MALFORMED', `${spec.paths[0]}: the book never had two sides`)
        return {
          trial,
          parameters: parameters[trial] as Parameters,
          pnlQuote: variant.pnlQuote,
          feesQuote: variant.feesQuote,
          tradedNotionalQuote: variant.tradedNotionalQuote,
          fills: variant.fills,
          maxDrawdownRatio: variant.maxDrawdownRatio,
          periodSeconds,
          returns: variant.returns,
        }
      })
    },
  }
}
