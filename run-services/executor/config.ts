import { tmpdir } from 'node:os'
import { z } from 'zod'
import {
  type Environment,
  hostUrl,
  readSettings,
  symbolList,
  wholeNumber,
} from '#shared/cloud/process/settings.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { type StrategyName, strategyNames } from '#shared/strategy/registry.ts'

/** Longer than the 10 s in which the venue accepts what a predecessor signed. */
const takeoverWaitSecondsMin = 15

const strategyList = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .superRefine((names, context) => {
    for (const name of names)
      if (!(strategyNames as readonly string[]).includes(name)) {
        const nearest = suggest(name, strategyNames)
        context.addIssue(`'${name}' is no strategy${nearest ? `, perhaps ${nearest}` : ''}`)
      }
    if (new Set(names).size !== names.length) context.addIssue('names a strategy twice')
  })
  .transform((names) => names as readonly StrategyName[])
  .describe(`strategies separated by commas, of ${strategyNames.join(', ')}`)

const schema = z.object({
  ASTERAI_MODE: z.enum(['paper', 'live']).default('paper').describe('paper or live'),
  ASTERAI_ALLOW_LIVE: z
    .literal('yes')
    .optional()
    .describe('yes when real money is meant, else nothing'),
  ASTERAI_SYMBOLS: symbolList,
  ASTERAI_STRATEGIES: strategyList,
  ASTERAI_EQUITY: wholeNumber(1, 1_000_000_000, 'equity in USDT'),
  ASTER_REST_URL: hostUrl(['https', 'http']).default('https://fapi.asterdex.com'),
  ASTER_STREAM_URL: hostUrl(['wss', 'ws']).default('wss://fstream.asterdex.com'),
  HEALTH_PORT: wholeNumber(0, 65_535, 'port of the probes').default(8080),
  SCRATCH_DIR: z.string().default(tmpdir()),
  TAPE_PART_MINUTES: wholeNumber(1, 60, 'minutes of a tape part').default(5),
  TAKEOVER_WAIT_SECONDS: wholeNumber(0, 120, 'seconds').default(takeoverWaitSecondsMin),
  EGRESS_PATIENCE_SECONDS: wholeNumber(1, 600, 'seconds').default(180),
  INFERENCE_URL: hostUrl(['https', 'http']).optional(),
  OTLP_URL: hostUrl(['https', 'http']).optional(),
  INFERENCE_AUDIENCE: z
    .string()
    .optional()
    .describe('audience of the bearer, or none to send no bearer'),
})

export type ExecutorConfig = {
  readonly mode: 'paper' | 'live'
  readonly symbols: readonly string[]
  readonly strategies: readonly StrategyName[]
  readonly equityQuote: number
  readonly restUrl: string
  readonly streamUrl: string
  readonly healthPort: number
  readonly scratchFolder: string
  readonly tapePartMinutes: number
  readonly takeoverWaitSeconds: number
  readonly egressPatienceSeconds: number
  /** Collector of measurements; absent, nobody measures. */
  readonly otlpUrl: string | undefined
  /** `audience` is absent where the server asks for no bearer. */
  readonly inference: { readonly url: string; readonly audience?: string } | undefined
}

/**
 * What a deployed executor trades and where, from the environment. Paper unless two variables say otherwise.
 *
 * @throws TradingError CONFIG_INVALID naming the variable, LIVE_NOT_ALLOWED when only one of the two switches is set
 */
export function readExecutorConfig(environment: Environment): ExecutorConfig {
  const read = readSettings(schema, environment)
  const mode = read.ASTERAI_MODE
  if (mode === 'live' && read.ASTERAI_ALLOW_LIVE !== 'yes')
    throw new TradingError(
      'LIVE_NOT_ALLOWED',
      'ASTERAI_ALLOW_LIVE is not set: ASTERAI_MODE=live trades real money only with ASTERAI_ALLOW_LIVE=yes beside it',
    )
  if (mode === 'live' && read.TAKEOVER_WAIT_SECONDS < takeoverWaitSecondsMin)
    throw new TradingError(
      'CONFIG_INVALID',
      `TAKEOVER_WAIT_SECONDS cannot be used: live trading waits at least ${takeoverWaitSecondsMin} s, because the venue accepts for 10 s what a predecessor signed`,
    )
  const audience = read.INFERENCE_AUDIENCE ?? read.INFERENCE_URL
  return {
    mode,
    symbols: read.ASTERAI_SYMBOLS,
    strategies: read.ASTERAI_STRATEGIES,
    equityQuote: read.ASTERAI_EQUITY,
    restUrl: read.ASTER_REST_URL,
    streamUrl: read.ASTER_STREAM_URL,
    healthPort: read.HEALTH_PORT,
    scratchFolder: read.SCRATCH_DIR,
    tapePartMinutes: read.TAPE_PART_MINUTES,
    takeoverWaitSeconds: read.TAKEOVER_WAIT_SECONDS,
    egressPatienceSeconds: read.EGRESS_PATIENCE_SECONDS,
    otlpUrl: read.OTLP_URL,
    inference: read.INFERENCE_URL
      ? {
          url: read.INFERENCE_URL,
          ...(audience !== undefined && audience !== 'none' && { audience }),
        }
      : undefined,
  }
}
