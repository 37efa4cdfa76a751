import { readFile } from 'node:fs/promises'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import {
  amplifiedLatency,
  constantLatency,
  interpolatedLatency,
  type LatencyModel,
  type LatencySample,
  type LatencyUs,
  recordedLatency,
} from '#shared/simulation/backtest/latency.ts'
import { isMarketEvent, mergeTapes, type TapeGroup } from './tape-set.ts'

export const latencyKinds = ['constant', 'recorded', 'interpolated'] as const

/** How the latencies of a run are made. */
export type LatencyChoice = {
  readonly kind: (typeof latencyKinds)[number]
  /** For `recorded` the feed is what the fastest message took. */
  readonly us: LatencyUs
  /** CSV `time_us,feed_us,entry_us,response_us`, for `interpolated`. */
  readonly samplesPath?: string
  /** Everything times this; 1 when absent. */
  readonly factor?: number
}

/** @throws TradingError OPTION_INVALID, ROW_INVALID, FILE_UNREADABLE */
export async function latencyOf(
  choice: LatencyChoice,
  groups: readonly TapeGroup[],
): Promise<LatencyModel> {
  const model = await baseOf(choice, groups)
  const { factor = 1 } = choice
  return factor === 1 ? model : amplifiedLatency(model, factor)
}

async function baseOf(
  { kind, samplesPath, us }: LatencyChoice,
  groups: readonly TapeGroup[],
): Promise<LatencyModel> {
  if (kind === 'constant') return constantLatency(us)
  if (kind === 'interpolated') {
    if (samplesPath === undefined)
      throw new TradingError('OPTION_INVALID', 'interpolated latency needs --latency-samples FILE')
    return interpolatedLatency(await readSamples(samplesPath))
  }
  const smallestUs = await smallestDifferenceUs(groups)
  return recordedLatency(constantLatency(us), { smallestUs, floorUs: us.feedUs })
}

/** Least receive − event over the tapes; a pass of its own. Snapshots are fetched, not streamed: they do not count. */
async function smallestDifferenceUs(groups: readonly TapeGroup[]): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY
  for await (const { batch, from, to } of mergeTapes(groups))
    for (let at = from; at < to; at++) {
      const event = batch[at]!
      if (!isMarketEvent(event) || event.kind === 'book-snapshot') continue
      smallest = Math.min(smallest, event.receiveTimeUs - event.eventTimeUs)
    }
  if (smallest < Number.POSITIVE_INFINITY) return smallest
  throw new TradingError('TAPE_MALFORMED', 'the tapes hold no streamed event to take latency from')
}

const columns = 'time_us,feed_us,entry_us,response_us'

async function readSamples(path: string): Promise<readonly LatencySample[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new TradingError('FILE_UNREADABLE', `cannot read ${path}: ${cause.message}`, {}, cause)
  })
  const [header, ...lines] = text.trim().split(/\r?\n/)
  if (header !== columns)
    throw new TradingError('ROW_INVALID', `${path}, row 1: expected the columns ${columns}`)
  return lines.map((line, index) => {
    const cells = line.split(',')
    const [timeUs, feedUs, entryUs, responseUs] = cells.map(Number)
    const isWhole = cells.length === 4 && cells.every((cell) => /^\d+$/.test(cell))
    if (!isWhole)
      throw new TradingError('ROW_INVALID', `${path}, row ${index + 2}: not four whole numbers`)
    return {
      timeUs: timeUs as number,
      feedUs: feedUs as number,
      entryUs: entryUs as number,
      responseUs: responseUs as number,
    }
  })
}

/** `5,10,5` in ms → µs. @throws TradingError OPTION_INVALID */
export function readLatencyMs(text: string): LatencyUs {
  const parts = text.split(',').map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : -1))
  const [feed, entry, response] = parts
  if (parts.length !== 3 || parts.some((part) => part < 0))
    throw new TradingError(
      'OPTION_INVALID',
      `--latency-ms '${text}' is not feed,entry,response in ms, e.g. --latency-ms 5,10,5`,
    )
  const us = (ms: number | undefined) => Math.round((ms ?? 0) * microsPerMilli)
  return { feedUs: us(feed), entryUs: us(entry), responseUs: us(response) }
}
