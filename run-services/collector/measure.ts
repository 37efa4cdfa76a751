import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerSecond } from '#shared/kernel/unit.ts'
import type { StreamWatch } from '#shared/venue/aster/market-stream.ts'

export type MeasuredStreams = StreamWatch & {
  /** Tells what is left and ends. */
  stop(): void
}

/** Often enough for an alert on 30 s of silence, seldom enough to cost nothing. */
const tellEveryUs = 5 * microsPerSecond

/**
 * Measures the streams of a collector. Messages are counted here and told every five seconds, with the age of each
 * stream; a stream that has said nothing yet is as old as the listening.
 *
 * @param streams - all that are listened to: each of them is told from the start, at zero
 */
export function measureStreams(
  ports: { readonly clock: Clock; readonly timers: Timers; readonly metrics: Metrics },
  streams: readonly string[],
): MeasuredStreams {
  const { clock, timers, metrics } = ports
  const beganUs = clock.nowUs()
  const counts = new Map(streams.map((stream) => [stream, 0]))
  const heardUs = new Map<string, Micros>(streams.map((stream) => [stream, beganUs]))
  let cancel = () => {}

  const tell = () => {
    const nowUs = clock.nowUs()
    for (const [stream, count] of counts) {
      metrics.add('asterai.stream.messages', count, { stream })
      counts.set(stream, 0)
      const lastUs = heardUs.get(stream) ?? beganUs
      metrics.set('asterai.stream.age', Math.max(0, nowUs - lastUs) / microsPerSecond, { stream })
    }
  }
  const tellOn = () => {
    cancel = timers.after(tellEveryUs, tellOn)
    tell()
  }

  metrics.add('asterai.stream.reconnects', 0)
  for (const stream of streams.filter((name) => name.endsWith('@depth')))
    for (const name of ['asterai.stream.gaps', 'asterai.stream.resyncs'] as const)
      metrics.add(name, 0, { stream })
  tellOn()

  return {
    heard(stream, receiveTimeUs) {
      counts.set(stream, (counts.get(stream) ?? 0) + 1)
      heardUs.set(stream, receiveTimeUs)
    },
    reconnected: () => metrics.add('asterai.stream.reconnects', 1),
    gap: (stream) => metrics.add('asterai.stream.gaps', 1, { stream }),
    resynced: (stream) => metrics.add('asterai.stream.resyncs', 1, { stream }),
    stop() {
      cancel()
      tell()
    },
  }
}
