import type { Attributes } from './port.ts'
import { currentTrace, inTrace, type TraceIds } from './trace-scope.ts'
import type { Tracer } from './tracer.ts'

export type RecordedSpan = {
  readonly name: string
  readonly ids: TraceIds
  readonly parent: TraceIds | undefined
  readonly attributes: Record<string, string>
  /** Why it failed; undefined when it did not. */
  failure: string | undefined
}

/** A tracer that keeps every span in memory, in the order they began. */
export function recordingTracer(): { readonly tracer: Tracer; readonly spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = []
  const open = (name: string, attributes: Attributes, asked: TraceIds | undefined) => {
    const parent = currentTrace() ?? asked
    const span: RecordedSpan = {
      name,
      ids: {
        traceId: parent?.traceId ?? String(spans.length + 1).padStart(32, '0'),
        spanId: String(spans.length + 1).padStart(16, '0'),
        isSampled: true,
      },
      parent,
      attributes: { ...attributes },
      failure: undefined,
    }
    spans.push(span)
    return span
  }
  const tracer: Tracer = {
    async span(name, attributes, task, asked) {
      const span = open(name, attributes, asked)
      const marks = {
        set: (key: string, value: string) => {
          span.attributes[key] = value
        },
        fail: (message: string) => {
          span.failure = message
        },
      }
      try {
        return await inTrace(span.ids, () => task(marks))
      } catch (error) {
        span.failure = error instanceof Error ? error.message : String(error)
        throw error
      }
    },
  }
  return { tracer, spans }
}
