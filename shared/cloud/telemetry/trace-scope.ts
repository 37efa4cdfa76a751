import { AsyncLocalStorage } from 'node:async_hooks'

/** Where a piece of work stands in a trace, in the hexadecimal of W3C trace context. */
export type TraceIds = {
  readonly traceId: string
  readonly spanId: string
  /** Somebody keeps its spans. */
  readonly isSampled: boolean
}

const scope = new AsyncLocalStorage<TraceIds>()

/** Ids of the span this code runs in. */
export const currentTrace = (): TraceIds | undefined => scope.getStore()

/** Runs `task` so that its log lines, calls and messages carry these ids; without any, as it stands. */
export const inTrace = <Result>(ids: TraceIds | undefined, task: () => Result): Result =>
  ids ? scope.run(ids, task) : task()

/** What a call or a message to a program of ours takes along: `traceparent`, or nothing outside of a trace. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const ids = scope.getStore()
  return ids
    ? { traceparent: `00-${ids.traceId}-${ids.spanId}-${ids.isSampled ? '01' : '00'}` }
    : {}
}

/**
 * The trace of whoever asked, from the headers of a request.
 *
 * @param header - looks a header up by its name in lower case
 */
export function traceOf(header: (name: string) => string | null | undefined): TraceIds | undefined {
  return (
    parseTraceHeader(header('traceparent') ?? '') ??
    parseTraceHeader(header('x-cloud-trace-context') ?? '')
  )
}

/**
 * Reads `00-<trace>-<span>-<flags>` or `<trace>/<decimal span>;o=<flag>`.
 *
 * @returns undefined for anything else: a header that a stranger garbled starts a new trace
 */
export function parseTraceHeader(header: string): TraceIds | undefined {
  const w3c = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header)
  const cloud = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/.exec(header)
  const [, traceId, span, flags = '0'] = w3c ?? cloud ?? []
  if (traceId === undefined || span === undefined) return undefined
  const spanId = w3c ? span : BigInt(span).toString(16).padStart(16, '0')
  if (spanId.length !== 16 || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
