import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Bus, Message, QueryResult } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { type ConsolePorts, createConsoleApp } from './app.ts'
import { localConsoleConfig } from './config.ts'
import { createAuditTable, createManualTimers, createMemoryBus } from './console.fixture.ts'
import { startConsole } from './server.ts'

const token = 'a-token-of-test-0123456789'
const asOperator = { 'X-Console-Token': token, 'Content-Type': 'application/json' }
const clock = { nowUs: () => 1_700_000_000_000_000 as Micros }
const insert = async () => {}
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const open = (given: Partial<ConsolePorts> = {}) => {
  const bus: Bus = given.bus ?? createMemoryBus()
  const queries: string[] = []
  const faults: unknown[] = []
  const { timers, fire } = createManualTimers()
  const result: QueryResult = { columns: ['n'], rows: [[1n]] }
  const audit = createAuditTable()
  const { app, close } = createConsoleApp({
    bus,
    warehouse: {
      insert: audit.insert,
      query: async (sql) => {
        if (/FROM audit_log/.test(sql)) return await audit.query(sql)
        queries.push(sql)
        return result
      },
    },
    clock,
    timers,
    config: localConsoleConfig(token),
    assets: (path) =>
      path === '/'
        ? { bytes: new TextEncoder().encode('page'), contentType: 'text/html' }
        : undefined,
    report: (fault) => faults.push(fault),
    ...given,
  })
  closers.push(close)
  const commands: Message[] = []
  bus.subscribe('commands', (message) => commands.push(message))
  const post = (path: string, body: unknown, headers: Record<string, string> = asOperator) =>
    app.request(path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { app, bus, queries, faults, commands, post, fire, audit }
}

const kill = { command: 'kill', reason: 'drill' }

describe('commands', () => {
  test.each(['kill', 'flatten', 'resume'])(
    '%s goes to the bus with its reason',
    async (command) => {
      const { post, commands } = open()
      const reply = await post('/api/commands', { command, reason: '  drill ' })
      expect(reply.status).toBe(202)
      expect(commands).toEqual([
        { command, reason: 'drill', by: 'operator@this-machine', at: clock.nowUs() },
      ])
    },
  )

  test('a bearer token does as well', async () => {
    const { post } = open()
    const reply = await post('/api/commands', kill, { Authorization: `Bearer ${token}` })
    expect(reply.status).toBe(202)
  })
})

describe('refusals', () => {
  const expectRefusal = async (reply: Response, status: number, text: RegExp) => {
    expect(reply.status).toBe(status)
    const refusal = (await reply.json()) as { error: string; remedy: string }
    expect(refusal.error).toMatch(text)
    expect(refusal.error).not.toContain('\n')
    expect(refusal.remedy).toMatch(/\w/)
  }

  test.each(['/api/commands', '/api/sql', '/api/functions/scan-funding'])(
    '%s without a token or with a wrong one reaches nothing',
    async (path) => {
      const { post, commands, queries } = open({ functions: async () => 'ran' })
      await expectRefusal(await post(path, kill, {}), 401, /needs the operator token/)
      await expectRefusal(await post(path, kill, { 'X-Console-Token': 'no' }), 401, /is wrong/)
      await expectRefusal(await post(path, kill, { Authorization: `Basic ${token}` }), 401, /needs/)
      expect([...commands, ...queries]).toEqual([])
    },
  )

  test.each([
    ['{', /not JSON/],
    ['', /body/],
    [{ command: 'buy', reason: 'x' }, /command/],
    [{ command: 'kill' }, /reason/],
    [{ command: 'kill', reason: '   ' }, /reason: must say why/],
    [{ command: 'kill', reason: 'two\nlines' }, /reason: must be one line/],
    [{ command: 'kill', reason: 'x'.repeat(201) }, /reason/],
    [{ ...kill, extra: 1 }, /body/],
  ])('a command of the shape %j is not sent', async (body, text) => {
    const { post, commands } = open()
    await expectRefusal(await post('/api/commands', body), 400, text)
    expect(commands).toEqual([])
  })

  test('a body over 64 kB', async () => {
    const { post, commands } = open()
    const reply = await post('/api/commands', { command: 'kill', reason: 'x'.repeat(65_536) })
    await expectRefusal(reply, 413, /larger than 64 kB/)
    expect(commands).toEqual([])
  })

  test.each(['evil.example', 'localhost.evil.example', '10.0.0.1:8787'])(
    'host %s',
    async (host) => {
      const { app } = open()
      await expectRefusal(await app.request('/api/state', { headers: { host } }), 403, /host/)
    },
  )

  test.each(['127.0.0.1:8787', 'localhost:1', '[::1]:8787'])('host %s is let in', async (host) => {
    const { app } = open()
    expect((await app.request('/healthz', { headers: { host } })).status).toBe(200)
  })

  test('a request that another site started', async () => {
    const { app } = open()
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    await expectRefusal(await app.request('/api/stream', { headers }), 403, /another site/)
  })

  test.each(['/nothing', '/../package.json', '/api/none'])('%s is nowhere', async (path) => {
    const { app } = open()
    await expectRefusal(await app.request(path), 404, /nothing is at/)
  })

  test('a page that was never built', async () => {
    const { app } = open({ assets: () => undefined })
    await expectRefusal(await app.request('/'), 503, /not been built/)
  })

  test('a token that is no secret', () => {
    expect(() => localConsoleConfig('short')).toThrow(/shorter than 16/)
  })
})

describe('sql', () => {
  test('a query is wrapped, so that it can only read, and its big integers become text', async () => {
    const { post, queries } = open()
    const reply = await post('/api/sql', { sql: ' select 1 as n; ' })
    expect(await reply.json()).toEqual({ columns: ['n'], rows: [['1']], isCut: false })
    expect(queries).toEqual(['SELECT * FROM (select 1 as n\n) LIMIT 10001'])
  })

  test.each([
    ['DROP TABLE fills', /only SELECT/],
    ['', /sql/],
    ['select 1; drop table fills', /one statement/],
    ['select 1); drop table fills; --', /one statement/],
    ["copy fills to 'x'", /only SELECT/],
  ])('%s is refused before it reaches the database', async (sql, text) => {
    const { post, queries } = open()
    const reply = await post('/api/sql', { sql })
    expect(reply.status).toBe(400)
    expect(((await reply.json()) as { error: string }).error).toMatch(text)
    expect(queries).toEqual([])
  })

  test('at most 10,000 rows come back, and the answer says that there are more', async () => {
    const rows = Array.from({ length: 10_001 }, (_, n) => [n])
    const { post } = open({ warehouse: { insert, query: async () => ({ columns: ['n'], rows }) } })
    const answer = (await (await post('/api/sql', { sql: 'SELECT n FROM t' })).json()) as {
      rows: unknown[]
      isCut: boolean
    }
    expect([answer.rows.length, answer.isCut]).toEqual([10_000, true])
  })

  test('the words of the database reach the operator', async () => {
    const query = async () => {
      throw new TradingError('QUERY_INVALID', 'no table "fil", did you mean "fills"?')
    }
    const { post, faults } = open({ warehouse: { insert, query } })
    const reply = await post('/api/sql', { sql: 'SELECT * FROM fil' })
    expect(reply.status).toBe(400)
    expect(await reply.text()).toContain('did you mean')
    expect(faults).toEqual([])
  })
})

describe('metrics', () => {
  test('each answered call is counted by action and status, and a scrape shows what is counted', async () => {
    const counted: unknown[] = []
    const { app, post } = open({
      metrics: { add: (name, value, attributes) => counted.push([name, value, attributes]) },
      scrape: async () => 'asterai_api_calls_total 2',
    })
    await post('/api/commands', kill)
    await post('/api/commands', kill, {})
    const name = 'asterai.api.calls'
    expect(counted).toEqual([
      [name, 1, { action: 'command', status: '202' }],
      [name, 1, { action: 'command', status: '401' }],
    ])
    const reply = await app.request('/metrics')
    expect(reply.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await reply.text()).toBe('asterai_api_calls_total 2')
    expect((await open().app.request('/metrics')).status).toBe(404)
  })
})

describe('functions', () => {
  const functions = async (name: string, body: unknown) => ({ name, body })

  test('a manual trigger runs the job of that name', async () => {
    const { post } = open({ functions })
    const reply = await post('/api/functions/scan-funding', { force: true })
    expect(await reply.json()).toEqual({ result: { name: 'scan-funding', body: { force: true } } })
  })

  test.each(['no-such-job', 'toString', '__proto__'])('%s is no job', async (name) => {
    const { post } = open({ functions })
    expect((await post(`/api/functions/${name}`, {})).status).toBe(404)
  })

  test('a job that fails unexpectedly is reported and tells the caller nothing', async () => {
    const { post, faults } = open({
      functions: async () => {
        throw new Error('secret inside')
      },
    })
    const reply = await post('/api/functions/scan-funding', {})
    expect(reply.status).toBe(500)
    expect(await reply.text()).not.toContain('secret')
    expect(faults).toHaveLength(1)
  })
})

describe('the page and its state', () => {
  test('comes with a policy that allows no inline script', async () => {
    const { app } = open()
    const reply = await app.request('/')
    expect(await reply.text()).toBe('page')
    const policy = reply.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self'")
    expect(policy).not.toContain('unsafe')
  })

  test('what came over the bus is in the state and on the stream', async () => {
    const { app, bus } = open()
    const status = { service: 'executor', state: 'running', detail: '', at: 1 }
    const reader = (await app.request('/api/stream')).body!.getReader()
    await reader.read()
    bus.publish('status', status)
    const frame = new TextDecoder().decode((await reader.read()).value)
    expect(frame).toContain(JSON.stringify({ topic: 'status', message: status }))
    const state = (await (await app.request('/api/state')).json()) as { services: unknown }
    expect(state.services).toEqual({ executor: status })
  })

  test('funding intervals come from the warehouse; a fault there is reported, not hidden', async () => {
    const rows = [['BTCUSDT', 8]]
    const { app, bus, fire } = open({
      warehouse: { insert, query: async () => ({ columns: ['symbol', 'interval_hours'], rows }) },
    })
    bus.publish('market', { kind: 'mark', symbol: 'BTCUSDT' })
    const reader = (await app.request('/api/stream')).body!.getReader()
    await reader.read()
    fire()
    await reader.read()
    await reader.read()
    const state = (await (await app.request('/api/state')).json()) as {
      symbols: { BTCUSDT: { fundingIntervalHours: number } }
    }
    expect(state.symbols.BTCUSDT.fundingIntervalHours).toBe(8)

    const broken = open({
      warehouse: { insert, query: () => Promise.reject(new Error('locked')) },
    })
    broken.fire()
    await broken.app.request('/healthz')
    expect(broken.faults).toHaveLength(1)
  })
})

describe('listening', () => {
  const start = (port: number) =>
    startConsole({
      bus: createMemoryBus(),
      warehouse: { insert, query: async () => ({ columns: [], rows: [] }) },
      clock,
      config: localConsoleConfig(token),
      assets: () => undefined,
      port,
    })

  test('answers at its address and lets go of it, with a stream still open', async () => {
    const running = await start(0)
    expect(running.operatorUrl).toBe(`${running.url}#token=${token}`)
    expect(await (await fetch(`${running.url}healthz`)).text()).toBe('ok')
    const stream = await fetch(`${running.url}api/stream`)
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    await running.close()
    await expect(fetch(`${running.url}healthz`)).rejects.toThrow()
  })

  test('a taken port is one clear line', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    closers.push(() => other.close())
    const { port } = other.address() as AddressInfo
    await expect(start(port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is in use: stop the other process or choose another with --port`,
    })
  })
})
