import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { currentTrace, inTrace, type TraceIds } from './trace-scope.ts'
import type { Tracer } from './tracer.ts'

export type TracerOptions = {
  readonly service: string
  /**
   * Share of traces that are kept, 0 to 1, decided by the trace id: processes with the same share agree on each. A
   * trace that the caller keeps is kept in any case.
   */
  readonly sampledShare: number
  readonly exporter: SpanExporter
}

/** Sends spans to an OTLP receiver, `http://localhost:4318`. */
export async function otlpSpans(otlpUrl: string): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  return new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces` })
}

/** Traces of one process, by OpenTelemetry. Its `close` sends what is left. */
export function openTracer(options: TracerOptions): Tracer & { close(): Promise<void> } {
  const byShare = new TraceIdRatioBasedSampler(options.sampledShare)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    // A platform in front says "not kept" of most requests; that leaves the choice to us.
    sampler: new ParentBasedSampler({ root: byShare, remoteParentNotSampled: byShare }),
    spanProcessors: [new BatchSpanProcessor({ exporter: options.exporter })],
  })
  const tracer = provider.getTracer('asterai')
  return {
    async span(name, attributes, task, parent) {
      const outer = contextOf(currentTrace(), false) ?? contextOf(parent, true) ?? ROOT_CONTEXT
      const span = tracer.startSpan(name, { attributes: { ...attributes } }, outer)
      try {
        return await inTrace(idsOf(span), () =>
          task({
            set: (key, value) => void span.setAttribute(key, value),
            fail: (message) => markFailed(span, message),
          }),
        )
      } catch (error) {
        markFailed(span, error instanceof Error ? error.message : String(error))
        throw error
      } finally {
        span.end()
      }
    },
    close: () => provider.shutdown(),
  }
}

function contextOf(ids: TraceIds | undefined, isRemote: boolean): Context | undefined {
  if (!ids) return undefined
  const { traceId, spanId, isSampled } = ids
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? 1 : 0,
    isRemote,
  })
}

function idsOf(span: Span): TraceIds {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return { traceId, spanId, isSampled: (traceFlags & 1) === 1 }
}

const markFailed = (span: Span, message: string): void => {
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}
