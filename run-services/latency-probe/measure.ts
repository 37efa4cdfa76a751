import { z } from 'zod'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { type LatencySummary, samplesMin, summariseLatency } from './statistic.ts'

/** What is measured: round trips over a kept connection, over a new one, and the way of a stream event to us. */
export const endpointNames = ['time', 'depth', 'time-cold', 'stream'] as const
export type EndpointName = (typeof endpointNames)[number]

export type LatencyReport = {
  readonly version: 1
  readonly region: string
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbol: string
  /** RFC 3339, UTC. */
  readonly measuredAt: string
  /** Venue clock minus ours, in ms, from the fastest answer; wrong by at most half of that round trip. */
  readonly clockOffsetMs: number
  readonly clockErrorMsMax: number
  /** `stream` is receive time minus event time on the venue's clock, so it carries the clock's error. */
  readonly endpoints: Readonly<Record<EndpointName, LatencySummary>>
  /** Sorted, rounded to a microsecond, for the comparison of regions. */
  readonly samplesMs: Readonly<Record<EndpointName, readonly number[]>>
}

export type ProbeOptions = {
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbol: string
  readonly region: string
  /** How long to measure; REST and stream at the same time. */
  readonly seconds: number
  readonly report: (line: string) => void
}

const timeoutUs = 10 * microsPerSecond
/** Well inside the venue's budget of request weight. */
const pauseMs = 200
const serverTime = z.object({ serverTime: z.number().int() })
const streamEvent = z.object({ E: z.number().int() })

/**
 * Measures the way to a venue and back. Reads public data only.
 *
 * @throws TradingError VENUE_UNREACHABLE when it does not answer, VENUE_REFUSED with its status, WIRE_SHAPE_UNKNOWN, and
 *   STATISTIC_INVALID when too little was heard to say anything
 */
export async function measureLatency(options: ProbeOptions): Promise<LatencyReport> {
  const { restUrl, streamUrl, symbol, region, seconds, report } = options
  const runtime = createLocalRuntime()
  const { clock } = runtime
  const samples: Record<EndpointName, number[]> = {
    time: [],
    depth: [],
    'time-cold': [],
    stream: [],
  }
  const timeUrl = `${restUrl}/fapi/v3/time`
  const depthUrl = `${restUrl}/fapi/v3/depth?symbol=${symbol}&limit=5`
  let best = { roundTripMs: Number.POSITIVE_INFINITY, offsetMs: 0 }
  const receivedMs: { readonly eventMs: number; readonly receiveMs: number }[] = []

  const ask = async (by: Runtime, url: string) => {
    const sentUs = clock.nowUs()
    const { status, body } = await by.http({ method: 'GET', url, timeoutUs })
    const roundTripMs = (clock.nowUs() - sentUs) / microsPerMilli
    if (status !== 200)
      throw new TradingError('VENUE_REFUSED', `${url} answers ${status}: ${body.slice(0, 120)}`)
    return { body, roundTripMs, middleMs: sentUs / microsPerMilli + roundTripMs / 2 }
  }
  const measureTime = async (by: Runtime, name: 'time' | 'time-cold') => {
    const { body, roundTripMs, middleMs } = await ask(by, timeUrl)
    samples[name].push(roundTripMs)
    const venueMs = readJson(body, serverTime, timeUrl).serverTime
    // The venue tells whole milliseconds: on average half of one has passed.
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, offsetMs: venueMs + 0.5 - middleMs }
  }

  // The first answer pays for the connection and is no sample.
  await ask(runtime, timeUrl)
  let streamFault: TradingError | undefined
  const socket = runtime.openSocket(`${streamUrl}/ws/${symbol.toLowerCase()}@depth@100ms`, {
    onOpen: () => {},
    onMessage(bytes) {
      const receiveMs = clock.nowUs() / microsPerMilli
      const event = readJson(new TextDecoder().decode(bytes), streamEvent, streamUrl)
      receivedMs.push({ eventMs: event.E, receiveMs })
    },
    onClose(reason) {
      streamFault = new TradingError('VENUE_UNREACHABLE', `${streamUrl}: ${reason}`)
    },
  })
  const untilUs = clock.nowUs() + seconds * microsPerSecond
  try {
    while (clock.nowUs() < untilUs || samples['time-cold'].length < samplesMin) {
      await measureTime(runtime, 'time')
      samples.depth.push((await ask(runtime, depthUrl)).roundTripMs)
      const fresh = createLocalRuntime()
      await measureTime(fresh, 'time-cold')
      fresh.close()
      if (streamFault) throw streamFault
      await new Promise<void>((resolve) => {
        runtime.timers.after(pauseMs * microsPerMilli, resolve)
      })
    }
  } finally {
    socket.close()
    runtime.close()
  }
  report(`${receivedMs.length} stream events, ${samples.time.length} rounds of requests`)
  for (const { eventMs, receiveMs } of receivedMs)
    samples.stream.push(receiveMs + best.offsetMs - eventMs)
  const sorted = mapEach((name) =>
    samples[name].map((sampleMs) => Math.round(sampleMs * 1_000) / 1_000).sort((a, b) => a - b),
  )
  return {
    version: 1,
    region,
    restUrl,
    streamUrl,
    symbol,
    measuredAt: new Date(clock.nowUs() / microsPerMilli).toISOString(),
    clockOffsetMs: Math.round(best.offsetMs * 1_000) / 1_000,
    clockErrorMsMax: Math.round((best.roundTripMs / 2 + 0.5) * 1_000) / 1_000,
    endpoints: mapEach((name) => summariseLatency(sorted[name])),
    samplesMs: sorted,
  }
}

const mapEach = <T>(make: (name: EndpointName) => T): Record<EndpointName, T> =>
  Object.fromEntries(endpointNames.map((name) => [name, make(name)])) as Record<EndpointName, T>

function readJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (cause) {
    throw new TradingError('WIRE_SHAPE_UNKNOWN', `${where} sent no JSON`, {}, cause)
  }
  const read = schema.safeParse(raw)
  if (read.success) return read.data
  throw new TradingError('WIRE_SHAPE_UNKNOWN', `${where} sent what is not expected`)
}
