import { tmpdir } from 'node:os'
import { z } from 'zod'
import {
  type Environment,
  hostUrl,
  readSettings,
  symbolList,
  wholeNumber,
} from '#shared/cloud/process/settings.ts'

const schema = z.object({
  COLLECTOR_SYMBOLS: symbolList,
  ASTER_REST_URL: hostUrl(['https', 'http']).default('https://fapi.asterdex.com'),
  ASTER_STREAM_URL: hostUrl(['wss', 'ws']).default('wss://fstream.asterdex.com'),
  HEALTH_PORT: wholeNumber(0, 65_535, 'port of the probes').default(8080),
  SCRATCH_DIR: z.string().default(tmpdir()),
  TAPE_PART_MINUTES: wholeNumber(1, 60, 'minutes of a tape part').default(60),
  EGRESS_PATIENCE_SECONDS: wholeNumber(1, 600, 'seconds').default(180),
  OTLP_URL: hostUrl(['https', 'http']).optional(),
})

export type CollectorConfig = {
  readonly symbols: readonly string[]
  readonly restUrl: string
  readonly streamUrl: string
  readonly healthPort: number
  readonly scratchFolder: string
  readonly tapePartMinutes: number
  readonly egressPatienceSeconds: number
  /** Where measurements are sent; undefined: nowhere. */
  readonly otlpUrl: string | undefined
}

/** What a deployed collector records, from the environment. @throws TradingError CONFIG_INVALID naming the variable */
export function readCollectorConfig(environment: Environment): CollectorConfig {
  const read = readSettings(schema, environment)
  return {
    symbols: read.COLLECTOR_SYMBOLS,
    restUrl: read.ASTER_REST_URL,
    streamUrl: read.ASTER_STREAM_URL,
    healthPort: read.HEALTH_PORT,
    scratchFolder: read.SCRATCH_DIR,
    tapePartMinutes: read.TAPE_PART_MINUTES,
    egressPatienceSeconds: read.EGRESS_PATIENCE_SECONDS,
    otlpUrl: read.OTLP_URL,
  }
}
