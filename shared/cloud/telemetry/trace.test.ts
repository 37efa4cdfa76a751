import { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTracer, parseTraceHeader } from './trace.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'

test('spans nest, carry on the trace of the caller, and name what failed', async () => {
  const exporter = new InMemorySpanExporter()
  const tracer = await openTracer({ service: 'executor', exporter })
  const failing = tracer.span(
    'call',
    { function: 'scan-funding' },
    async () => {
      expect(tracer.current()?.traceId).toBe(traceId)
      await tracer.span('query', {}, async () => {
        throw new Error('no such table')
      })
    },
    `00-${traceId}-b7ad6b7169203331-01`,
  )
  await expect(failing).rejects.toThrow('no such table')
  expect(tracer.current()).toBeUndefined()
  // The exporter forgets its spans when it is shut down.
  const spans = await new Promise<ReturnType<typeof exporter.getFinishedSpans>>((resolve) => {
    const original = exporter.shutdown.bind(exporter)
    exporter.shutdown = async () => {
      resolve([...exporter.getFinishedSpans()])
      await original()
    }
    void tracer.close()
  })
  const [query, call] = spans
  expect([query?.name, call?.name]).toEqual(['query', 'call'])
  expect(query?.spanContext().traceId).toBe(traceId)
  expect(query?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId)
  expect(query?.status.message).toBe('no such table')
  expect(call?.attributes).toEqual({ function: 'scan-funding' })
})

test('both header shapes give the same ids', () => {
  const spanId = 'b7ad6b7169203331'
  const decimal = BigInt(`0x${spanId}`).toString()
  expect(parseTraceHeader(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId })
  expect(parseTraceHeader(`${traceId}/${decimal};o=1`)).toEqual({ traceId, spanId })
})

test('a garbled header starts a new trace and throws nothing', () => {
  for (const wrong of ['', '00-zz', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `${traceId}/0`])
    expect(parseTraceHeader(wrong)).toBeUndefined()
  fc.assert(fc.property(fc.string(), (text) => parseTraceHeader(text) === undefined))
})
