import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { FunctionPorts } from '#functions/function-call.ts'
import { serveFunction } from '#functions/serve.ts'
import { localConsoleConfig } from '#services/console/config.ts'
import { createAuditTable, createMemoryBus } from '#services/console/console.fixture.ts'
import { functionClient } from '#services/console/function-client.ts'
import { startConsole } from '#services/console/server.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openTelemetry } from '#shared/cloud/telemetry/process-telemetry.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Http } from '#shared/kernel/runtime.ts'

/** The console and a function as they run in the cloud, with a collector beside the console that speaks OTLP. */

type SentSpan = {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly status: { readonly code?: number; readonly message?: string }
}
type SentTraces = {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

const token = 'a token of sixteen letters or more'
const servers: Server[] = []
const received: SentSpan[] = []
const runtime = createLocalRuntime()
let otlpUrl = ''
let functionUrl = ''
let functionFails = false

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'desk')
  otlpUrl = await listen(
    createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      if (request.url === '/v1/traces')
        for (const { scopeSpans } of (JSON.parse(text) as SentTraces).resourceSpans)
          received.push(...scopeSpans.flatMap(({ spans }) => spans))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }),
  )
  serveFunction(
    'scan-funding',
    async () => async () => {
      if (functionFails) throw new TradingError('VENUE_REFUSED', 'the venue said no')
      return { rates: 2 }
    },
    async () => ({ clock: runtime.clock, blobs: () => undefined }) as unknown as FunctionPorts,
  )
  functionUrl = await listen(getTestServer('scan-funding'))
})

afterAll(() => {
  vi.unstubAllEnvs()
  runtime.close()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

const identity = `head.${Buffer.from('{"exp":4000000000}').toString('base64url')}.sign`
/** There is no metadata server here to give an identity. */
const http: Http = (request) =>
  request.url.startsWith('http://metadata.')
    ? Promise.resolve({ status: 200, headers: {}, body: identity })
    : runtime.http(request)

async function askConsole(path: string, headers: Record<string, string>) {
  const { metrics, tracer, close } = await openTelemetry({
    service: 'console',
    otlpUrl,
    sampledShare: 1,
  })
  const server = await startConsole({
    metrics,
    tracer,
    config: localConsoleConfig(token),
    bus: createMemoryBus(),
    warehouse: createAuditTable(),
    clock: runtime.clock,
    assets: () => undefined,
    functions: functionClient({ http, clock: runtime.clock }, `${functionUrl}/{name}`, tracer),
    report: () => {},
    port: 0,
  })
  const reply = await fetch(new URL(path, server.url), {
    method: 'POST',
    headers: { 'x-console-token': token, 'content-type': 'application/json', ...headers },
    body: '{}',
  })
  await server.close()
  await close()
  return reply
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test('the spans of a request and of the function it calls arrive as one trace', async () => {
  const reply = await askConsole('api/functions/scan-funding', {
    traceparent: `00-${traceId}-${spanId}-00`,
  })
  expect([reply.status, await reply.json()]).toEqual([200, { result: { rates: 2 } }])
  const [call, request] = received.splice(0)
  expect(request).toMatchObject({ name: 'api function', traceId, parentSpanId: spanId, status: {} })
  expect(call).toMatchObject({
    name: 'call scan-funding',
    traceId,
    parentSpanId: request?.spanId,
    status: {},
  })
  expect([request?.status.code, call?.status.code]).toEqual([0, 0])
})

test('what failed is marked, and the line of the function names the trace and the span that called', async () => {
  functionFails = true
  const written = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const reply = await askConsole('api/functions/scan-funding', {})
  const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)))
  written.mockRestore()
  functionFails = false
  expect(reply.status).toBeGreaterThanOrEqual(500)
  const [call, request] = received.splice(0)
  expect([request?.name, request?.status.code]).toEqual(['api function', 2])
  expect(call).toMatchObject({
    name: 'call scan-funding',
    traceId: request?.traceId,
    status: { code: 2, message: 'scan-funding failed: the venue said no' },
  })
  expect(lines).toEqual([
    expect.objectContaining({
      severity: 'ERROR',
      message: 'the venue said no',
      error: 'VENUE_REFUSED',
      'logging.googleapis.com/trace': `projects/desk/traces/${request?.traceId}`,
      'logging.googleapis.com/spanId': call?.spanId,
      'logging.googleapis.com/trace_sampled': true,
    }),
  ])
})

test('a collector that is gone holds up nothing', async () => {
  const kept = otlpUrl
  otlpUrl = 'http://127.0.0.1:9'
  const beganMs = performance.now()
  const reply = await askConsole('api/functions/scan-funding', {})
  otlpUrl = kept
  expect(reply.status).toBe(200)
  expect(performance.now() - beganMs).toBeLessThan(5_000)
})
