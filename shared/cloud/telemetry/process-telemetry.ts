import { type Metrics, silentMetrics } from './port.ts'
import { silentTracer, type Tracer } from './tracer.ts'

export type TelemetryOptions = {
  readonly service: string
  /** Base address of the collector beside the process; absent, nothing is measured or traced. */
  readonly otlpUrl: string | undefined
  /** Share of traces that are kept, 0 to 1; left out, the process opens no spans. */
  readonly sampledShare?: number
}

export type Telemetry = {
  readonly metrics: Metrics
  readonly tracer: Tracer
  /** Never takes longer than a second and never fails; what was not sent by then is lost. */
  close(): Promise<void>
}

/**
 * Of what happens several times a second, one trace in ten is kept: the figures of all are in the metrics. The executor
 * and the model server it asks share it.
 */
export const sampledShareOfMany = 0.1

/** A collector that does not answer must not hold up a hand-over. */
const closePatienceMs = 1_000

/** Measurements and traces of a deployed process; their library is loaded only where somebody receives them. */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { service, otlpUrl, sampledShare } = options
  if (otlpUrl === undefined)
    return { metrics: silentMetrics, tracer: silentTracer, close: async () => {} }
  const { openMeter } = await import('./meter.ts')
  const meter = await openMeter({ service, otlpUrl })
  const spans = sampledShare === undefined ? undefined : await import('./trace.ts')
  const tracer = spans?.openTracer({
    service,
    sampledShare: sampledShare ?? 0,
    exporter: await spans.otlpSpans(otlpUrl),
  })
  return {
    metrics: meter.metrics,
    tracer: tracer ?? silentTracer,
    async close() {
      const patience = new Promise<void>((resolve) => {
        setTimeout(resolve, closePatienceMs).unref()
      })
      // The end of the process is not the place to report that measurements had nowhere to go.
      const closing = Promise.allSettled([meter.close(), tracer?.close()])
      await Promise.race([closing, patience])
    },
  }
}
