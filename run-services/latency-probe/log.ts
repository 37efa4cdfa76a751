import { endpointNames, type LatencyReport } from './measure.ts'

/**
 * What a probe found as lines of the platform's log, one per endpoint: a metric is made from them, because nothing beside
 * a job takes measurements.
 */
export const latencyLogLines = ({ region, endpoints }: LatencyReport): readonly string[] =>
  endpointNames.map((endpoint) => {
    const { p50Ms, p99Ms, samples } = endpoints[endpoint]
    return JSON.stringify({
      severity: 'INFO',
      message: `${endpoint} from ${region}: median ${p50Ms.toFixed(1)} ms, 99 % within ${p99Ms.toFixed(1)} ms`,
      probe: { region, endpoint, p50_ms: p50Ms, p99_ms: p99Ms, samples },
    })
  })
