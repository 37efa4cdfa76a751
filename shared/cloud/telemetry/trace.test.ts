import { AsyncResource } from 'node:async_hooks'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTracer } from './trace.ts'
import { currentTrace, inTrace, parseTraceHeader, traceHeaders, traceOf } from './trace-scope.ts'
import { silentTracer, traceRequest } from './tracer.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const parent = { traceId, spanId, isSampled: true }

/** A tracer whose `spans` closes it and tells what it exported, in the order it ended. */
function traced(sampledShare = 1) {
  const exporter = new InMemorySpanExporter()
  const kept: ReadableSpan[] = []
  // The exporter forgets its spans when it is shut down.
  exporter.shutdown = async () => void kept.push(...exporter.getFinishedSpans())
  const tracer = openTracer({ service: 'executor', sampledShare, exporter })
  const spans = async () => {
    await tracer.close()
    return kept
  }
  return { tracer, spans }
}

test('spans nest, carry on the trace of the caller, and name what failed', async () => {
  const { tracer, spans } = traced()
  const failing = tracer.span(
    'call',
    { function: 'scan-funding' },
    async () => {
      expect(currentTrace()?.traceId).toBe(traceId)
      await tracer.span('query', {}, async () => {
        throw new Error('no such table')
      })
    },
    parent,
  )
  await expect(failing).rejects.toThrow('no such table')
  expect(currentTrace()).toBeUndefined()
  const [query, call] = await spans()
  expect([query?.name, call?.name]).toEqual(['query', 'call'])
  expect(query?.spanContext().traceId).toBe(traceId)
  expect(query?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId)
  expect(call?.parentSpanContext?.spanId).toBe(spanId)
  expect([query?.status.message, call?.status.message]).toEqual(['no such table', 'no such table'])
  expect(call?.attributes).toEqual({ function: 'scan-funding' })
})

test('what runs beside each other keeps to its own span', async () => {
  const { tracer, spans } = traced()
  const own = async (name: string) => {
    const seen: (string | undefined)[] = []
    await tracer.span(name, {}, async () => {
      seen.push(currentTrace()?.spanId)
      await Promise.resolve()
      seen.push(currentTrace()?.spanId)
    })
    return seen
  }
  const seen = await Promise.all([own('a'), own('b')])
  const ended = await spans()
  expect(seen).toEqual(ended.map((span) => Array(2).fill(span.spanContext().spanId)))
})

test('a trace that nobody keeps is still named, and the next process decides the same', async () => {
  const { tracer, spans } = traced(0.5)
  const next = traced(0.5)
  for (let call = 0; call < 64; call++)
    await tracer.span('ask', {}, async () => {
      const header = traceHeaders().traceparent ?? ''
      expect(header).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
      const ids = parseTraceHeader(header)
      await elsewhere.runInAsyncScope(() => next.tracer.span('answer', {}, async () => {}, ids))
    })
  const ofTraces = (kept: readonly ReadableSpan[]) => kept.map((span) => span.spanContext().traceId)
  const asked = ofTraces(await spans())
  expect(ofTraces(await next.spans())).toEqual(asked)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.length).toBeLessThan(64)
})

/** As in another process: outside of every span, because it was made there. */
const elsewhere = new AsyncResource('another process')

test('a request that fails is marked though nothing was thrown; its caller is its parent', async () => {
  const { tracer, spans } = traced()
  const headers = new Headers({ traceparent: `00-${traceId}-${spanId}-00` })
  const reply = await traceRequest(
    tracer,
    'api sql',
    headers,
    async () => new Response('{}', { status: 503, headers: { 'x-request-id': 'request-1' } }),
  )
  expect(reply.status).toBe(503)
  const [span] = await spans()
  expect(span?.status.message).toBe('answered 503')
  expect(span?.parentSpanContext?.spanId).toBe(spanId)
  expect(span?.attributes).toEqual({
    'http.response.status_code': '503',
    request_id: 'request-1',
  })
})

test('where nobody receives spans, log lines still name the trace of the caller', async () => {
  const seen = await silentTracer.span('api sql', {}, async () => currentTrace(), parent)
  expect(seen).toEqual(parent)
  expect(await silentTracer.span('venue place', {}, async () => traceHeaders())).toEqual({})
})

test('both header shapes give the same ids', () => {
  const decimal = BigInt(`0x${spanId}`).toString()
  const ids = { traceId, spanId }
  expect(parseTraceHeader(`00-${traceId}-${spanId}-01`)).toEqual({ ...ids, isSampled: true })
  expect(parseTraceHeader(`00-${traceId}-${spanId}-00`)).toEqual({ ...ids, isSampled: false })
  expect(parseTraceHeader(`${traceId}/${decimal};o=1`)).toEqual({ ...ids, isSampled: true })
  expect(parseTraceHeader(`${traceId}/${decimal}`)).toEqual({ ...ids, isSampled: false })
})

test('what is sent is what is read', () => {
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text))
  const anyIds = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() })
  fc.assert(
    fc.property(anyIds, (ids) => {
      const headers = inTrace(ids, traceHeaders)
      expect(traceOf((name) => headers[name])).toEqual(ids)
    }),
  )
})

test('a garbled header starts a new trace and throws nothing', () => {
  for (const wrong of ['', '00-zz', `00-${'0'.repeat(32)}-${spanId}-01`, `${traceId}/0`])
    expect(parseTraceHeader(wrong)).toBeUndefined()
  fc.assert(fc.property(fc.string(), (text) => parseTraceHeader(text) === undefined))
})
