import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import { endpointNames, type LatencyReport } from './measure.ts'
import { samplesMin, shareBelow, summariseLatency } from './statistic.ts'

export type RegionComparison = {
  /** Region with the lowest median round trip over a kept connection: what an order pays. */
  readonly recommended: string
  /** `clear`: no other region's 95 % interval of the median touches the winner's. */
  readonly certainty: 'clear' | 'overlapping'
  /** Share of request pairs in which the winner was faster than the second; 0.5 is a coin. */
  readonly fasterShare: number
  readonly advantageMs: number
  /** Region whose stream arrives first, where that is another one. */
  readonly streamPrefers: string | undefined
  /** Fastest first. */
  readonly regions: readonly Pick<LatencyReport, 'region' | 'endpoints' | 'measuredAt'>[]
}

const samples = z.array(z.number()).min(samplesMin)
const reportSchema = z.object({
  version: z.literal(1),
  region: z.string().min(1),
  restUrl: z.string(),
  streamUrl: z.string(),
  symbol: z.string(),
  measuredAt: z.string(),
  clockOffsetMs: z.number(),
  clockErrorMsMax: z.number(),
  samplesMs: z.object({ time: samples, depth: samples, 'time-cold': samples, stream: samples }),
})

/**
 * Reads a report as a probe wrote it. Figures are computed again from the samples.
 *
 * @throws TradingError OPTION_INVALID naming the file
 */
export function latencyReportFrom(text: string, where: string): LatencyReport {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new TradingError('OPTION_INVALID', `${where} is not JSON; give what the probe wrote`)
  }
  const read = reportSchema.safeParse(raw)
  if (!read.success) {
    const [issue] = read.error.issues
    const what = `${issue?.path.join('.')}: ${issue?.message}`
    throw new TradingError('OPTION_INVALID', `${where} is no report of the probe (${what})`)
  }
  const { samplesMs } = read.data
  const endpoints = Object.fromEntries(
    endpointNames.map((name) => [name, summariseLatency(samplesMs[name])]),
  ) as LatencyReport['endpoints']
  return { ...read.data, endpoints }
}

/**
 * Recommends where to run, and says how sure that is.
 *
 * @throws TradingError OPTION_INVALID for fewer than two regions, one of them twice, or different venues
 */
export function compareRegions(reports: readonly LatencyReport[]): RegionComparison {
  const names = reports.map(({ region }) => region)
  if (new Set(names).size < 2 || new Set(names).size < names.length)
    throw new TradingError(
      'OPTION_INVALID',
      `a comparison needs one report of each of two or more regions; there are: ${names.join(', ') || 'none'}`,
    )
  if (new Set(reports.map(({ restUrl }) => restUrl)).size > 1)
    throw new TradingError('OPTION_INVALID', 'the reports are about different venues')
  const sorted = [...reports].sort((a, b) => a.endpoints.time.p50Ms - b.endpoints.time.p50Ms)
  const [best, second] = sorted as [LatencyReport, LatencyReport]
  const overlaps = sorted
    .slice(1)
    .some(({ endpoints }) => endpoints.time.p50LowMs <= best.endpoints.time.p50HighMs)
  const stream = sorted.reduce((first, other) =>
    other.endpoints.stream.p50Ms < first.endpoints.stream.p50Ms ? other : first,
  )
  return {
    recommended: best.region,
    certainty: overlaps ? 'overlapping' : 'clear',
    fasterShare: shareBelow(best.samplesMs.time, second.samplesMs.time),
    advantageMs: second.endpoints.time.p50Ms - best.endpoints.time.p50Ms,
    streamPrefers: stream.region === best.region ? undefined : stream.region,
    regions: sorted.map(({ region, endpoints, measuredAt }) => ({ region, endpoints, measuredAt })),
  }
}
