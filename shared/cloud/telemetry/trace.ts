import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Attributes } from './port.ts'

export type TracerOptions = {
  readonly service: string
  /** Base address of an OTLP receiver; left out, spans only give the log its trace ids. */
  readonly otlpUrl?: string
  /** Where spans go instead of `otlpUrl`. */
  readonly exporter?: SpanExporter
}

export type TraceIds = { readonly traceId: string; readonly spanId: string }

export type Tracer = {
  /**
   * Runs `task` inside a span; spans opened within it become its children. A throw marks the span and goes on.
   *
   * @param parent - a `traceparent` or `X-Cloud-Trace-Context` header of whoever asked
   */
  span<Result>(
    name: string,
    attributes: Attributes,
    task: () => Promise<Result>,
    parent?: string,
  ): Promise<Result>
  /** Ids of the span this code runs in. */
  current(): TraceIds | undefined
  /** Sends what is left. */
  close(): Promise<void>
}

const scope = new AsyncLocalStorage<Context>()

/** Traces of one process, by OpenTelemetry. */
export async function openTracer(options: TracerOptions): Promise<Tracer> {
  const exporter = options.exporter ?? (await otlpExporter(options.otlpUrl))
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: exporter ? [new BatchSpanProcessor({ exporter })] : [],
  })
  const tracer = provider.getTracer('asterai')
  return {
    async span(name, attributes, task, parent) {
      const outer = scope.getStore() ?? contextOf(parent)
      const span = tracer.startSpan(name, { attributes: { ...attributes } }, outer)
      try {
        return await scope.run(trace.setSpan(outer, span), task)
      } catch (error) {
        markFailed(span, error)
        throw error
      } finally {
        span.end()
      }
    },
    current() {
      const context = scope.getStore()
      const span = context && trace.getSpan(context)?.spanContext()
      return span && { traceId: span.traceId, spanId: span.spanId }
    },
    close: () => provider.shutdown(),
  }
}

/**
 * Reads `00-<trace>-<span>-01` or `<trace>/<decimal span>;o=1`.
 *
 * @returns undefined for anything else: a header that a stranger garbled starts a new trace
 */
export function parseTraceHeader(header: string): TraceIds | undefined {
  const w3c = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header)
  const cloud = /^([0-9a-f]{32})\/(\d{1,20})(?:;.*)?$/.exec(header)
  const spanId = w3c?.[2] ?? (cloud && BigInt(cloud[2]!).toString(16).padStart(16, '0'))
  const traceId = w3c?.[1] ?? cloud?.[1]
  if (!traceId || !spanId || spanId.length !== 16 || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return undefined
  return { traceId, spanId }
}

function contextOf(header: string | undefined): Context {
  const ids = header === undefined ? undefined : parseTraceHeader(header)
  return ids
    ? trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags: 1, isRemote: true })
    : ROOT_CONTEXT
}

function markFailed(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

async function otlpExporter(otlpUrl: string | undefined): Promise<SpanExporter | undefined> {
  if (otlpUrl === undefined) return undefined
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  return new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces` })
}
