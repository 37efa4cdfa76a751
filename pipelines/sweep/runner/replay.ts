import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { baseFromLots, type Instrument, quoteFromTicks } from '#shared/market/instrument.ts'
import { estimateConfig } from '#shared/simulation/replay/estimate.ts'
import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
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
import type { OpenedRunner, RunnerSpec } from './runner.ts'

/** A recorded market, packed once and shared by all threads. */
export type ReplayMarket = { readonly tape: PackedTape; readonly instrument: Instrument }

/** What a variant has where neither `--param` nor `--set` says otherwise. */
const variantDefaults: GlftVariant = {
  gammaPerTick: 0.05,
  halfSpreadFactor: 1,
  skewFactor: 0.1,
  orderLots: 10,
  inventoryLotsMax: 200,
  gridHalfSpreads: 1,
}

const wholeParameters: readonly string[] = ['orderLots', 'inventoryLotsMax']

/** Beside the variants: of the market and of the run. */
const runDefaults = {
  entryMs: 3,
  responseMs: 2,
  /** 0 is risk-averse: only trades move an order up. */
  queueExponent: 3,
  stepMs: 100,
  windowSteps: estimateConfig.windowSteps,
  refitSteps: estimateConfig.refitSteps,
  returnSeconds: 10,
  equityQuote: 10_000,
} as const

/**
 * Reads and packs the tapes. Two passes: a local clock that ran behind the venue's is put right first.
 *
 * @throws TradingError OPTION_INVALID when the spec names what this engine has not; FILE_UNREADABLE, TAPE_*
 */
export async function prepareReplay(spec: RunnerSpec): Promise<ReplayMarket> {
  if (spec.strategy !== 'glft')
    throw new TradingError(
      'OPTION_INVALID',
      `the replay engine runs glft only, not '${spec.strategy}'; leave out --strategy, or use --candles`,
    )
  for (const name of Object.keys(spec.options)) checkName(name, '--set')
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
  return { tape: shareTape(tapeOfBlocks(blocks)), instrument }
}

function checkName(name: string, where: string): void {
  const known = [...Object.keys(variantDefaults), ...Object.keys(runDefaults), 'makerFeePpm']
  if (known.includes(name)) return
  const closest = suggest(name, known)
  throw new TradingError(
    'OPTION_INVALID',
    `${where} ${name}: the replay engine has no such parameter; ${closest ? `did you mean ${closest}?` : `there are: ${known.join(', ')}`}`,
  )
}

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

function variantOf({ options }: RunnerSpec, parameters: Parameters): GlftVariant {
  const variant: Record<string, number> = { ...variantDefaults }
  for (const name of Object.keys(variantDefaults))
    if (options[name] !== undefined) variant[name] = Number(options[name])
  for (const [name, value] of Object.entries(parameters)) {
    checkName(name, '--param')
    if (!Object.hasOwn(variantDefaults, name))
      throw new TradingError(
        'OPTION_INVALID',
        `--param ${name}: fixed for all variants of a pass; use --set`,
      )
    if (wholeParameters.includes(name) && !Number.isInteger(value))
      throw new TradingError('OPTION_INVALID', `--param ${name} is a whole number; add :int`)
    variant[name] = value
  }
  return variant as GlftVariant
}
