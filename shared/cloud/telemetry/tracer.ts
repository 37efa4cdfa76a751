import type { Attributes } from './port.ts'
import { currentTrace, inTrace, type TraceIds, traceOf } from './trace-scope.ts'

/** A span while its task runs. */
export type OpenSpan = {
  set(name: string, value: string): void
  /** Marks it as failed although its task goes on; a throw does so by itself. */
  fail(message: string): void
}

/** Where a process tells how its work went, one span for each piece that somebody may ask about. */
export type Tracer = {
  /**
   * Runs `task` inside a span; spans opened within it become its children.
   *
   * @param parent - trace of whoever asked; used where no span is open yet
   */
  span<Result>(
    name: string,
    attributes: Attributes,
    task: (span: OpenSpan) => Promise<Result>,
    parent?: TraceIds,
  ): Promise<Result>
}

const nobody: OpenSpan = { set() {}, fail() {} }

/** Where nobody receives spans: log lines still carry the trace of whoever asked. */
export const silentTracer: Tracer = {
  span: (_, __, task, parent) => inTrace(currentTrace() ? undefined : parent, () => task(nobody)),
}

/**
 * Runs the answering of an HTTP request in a span that continues the trace of the caller. Neither address nor body are
 * told: they may hold what is secret.
 *
 * @param name - the same for all requests of a kind
 */
export const traceRequest = (
  tracer: Tracer,
  name: string,
  headers: Headers,
  answer: () => Promise<Response>,
): Promise<Response> =>
  tracer.span(
    name,
    {},
    async (span) => {
      const reply = await answer()
      span.set('http.response.status_code', String(reply.status))
      const requestId = reply.headers.get('x-request-id')
      if (requestId !== null) span.set('request_id', requestId)
      if (reply.status >= 500) span.fail(`answered ${reply.status}`)
      return reply
    },
    traceOf((header) => headers.get(header)),
  )
