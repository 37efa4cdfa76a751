import { expect, test } from 'vitest'
import { createConsoleApp } from '../app.ts'
import { localConsoleConfig } from '../config.ts'
import {
  createAuditTable,
  createManualClock,
  createManualTimers,
  createMemoryBus,
} from '../console.fixture.ts'

const { app } = createConsoleApp({
  config: localConsoleConfig('a-token-of-test-0123456789'),
  bus: createMemoryBus(),
  warehouse: createAuditTable(),
  clock: createManualClock(),
  timers: createManualTimers().timers,
  assets: () => undefined,
  report: () => {},
})

type Operation = {
  'x-role': string
  'x-audited': boolean
  operationId: string
  summary: string
  requestBody?: { content: Record<string, { schema: { properties?: object }; example?: unknown }> }
  responses: Record<string, { description: string; content?: Record<string, { schema?: object }> }>
}
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> }

const document = (await (await app.request('/openapi.json')).json()) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test('the document is OpenAPI 3.1 and holds exactly the routes that are served', () => {
  expect(document.openapi).toBe('3.1.0')
  const served = app.routes
    .filter(({ path }) => path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const declared = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  expect(declared.sort()).toEqual(served.sort())
  expect(declared.length).toBeGreaterThan(14)
})

test('every route says its role, its reply and its refusals; every change an example that it takes', () => {
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(
    operations.length,
  )
  for (const { operation, method } of operations) {
    expect(['viewer', 'operator', 'admin']).toContain(operation['x-role'])
    expect(operation.summary).toMatch(/^[A-Z]/)
    const statuses = Object.keys(operation.responses)
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '403', '413', '429', '503']))
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true)
    for (const { content, description } of Object.values(operation.responses)) {
      expect(description).not.toBe('')
      expect(Object.values(content ?? {})[0]?.schema).toBeDefined()
    }
    if (method === 'post')
      expect(operation.requestBody?.content['application/json']?.example).toBeDefined()
  }
  const changing = operations.filter(({ operation }) => operation['x-audited'])
  expect(changing.map(({ path }) => path)).toContain('/api/limits')
})

test('the page for people names every route and brings nothing inline or from elsewhere', async () => {
  const reply = await app.request('/docs')
  const text = await reply.text()
  for (const { path } of operations) expect(text).toContain(`<code>${path}</code>`)
  expect(text).not.toMatch(/<script|<style|style="|https?:\/\//)
  expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'")
  const style = await app.request('/docs/style.css')
  expect(style.headers.get('content-type')).toContain('text/css')
})
