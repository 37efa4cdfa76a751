import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Message } from '#shared/cloud/port.ts'
import { auditRowsFrom } from '#shared/cloud/query/audit.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'
import { verifyAudit } from './audit/check.ts'
import type { ConsoleConfig } from './config.ts'
import {
  cloudConfig,
  consoleHost,
  createAuditTable,
  createIssuers,
  createManualClock,
  createManualTimers,
  createMemoryBus,
} from './console.fixture.ts'
import { type RunningConsole, startConsole } from './server.ts'

/** The operator API as it runs in the cloud: a listening server, real HTTP, tokens signed by keys of the test. */

const clock = createManualClock()
const issuers = await createIssuers(clock.nowUs)
const { iapToken, oidcToken } = issuers

let running: RunningConsole
let audit: ReturnType<typeof createAuditTable>
let fire: () => void
let bus: ReturnType<typeof createMemoryBus>
/** Everything that left the console. */
let effects: unknown[]

const start = async (other: Partial<ConsoleConfig> = {}) => {
  audit = createAuditTable()
  bus = createMemoryBus()
  effects = []
  bus.subscribe('commands', (message: Message) => effects.push(message))
  const manual = createManualTimers()
  fire = manual.fire
  let ids = 0
  running = await startConsole({
    config: cloudConfig(other),
    bus,
    warehouse: audit,
    clock,
    timers: manual.timers,
    assets: () => undefined,
    functions: async (name, body) => {
      effects.push({ name, body })
      return { ran: name }
    },
    reports: {
      list: async () => ['daily/2026-11-20.html', 'daily/2026-11-21.html'],
      get: async (name) =>
        name === 'daily/2026-11-21.html' ? new TextEncoder().encode('<h1>day</h1>') : undefined,
    },
    keys: issuers.keys,
    randomId: () => `request-${String(++ids).padStart(4, '0')}`,
    report: () => {},
    port: 0,
  })
}
beforeEach(async () => {
  clock.atUs += microsPerMinute
  await start()
})
let closeConsole: () => Promise<void> = () => running.close()
afterEach(async () => {
  await closeConsole()
  closeConsole = () => running.close()
})

const fromPage = { 'X-Requested-With': 'asterai-console' }
const as = async (email: string) => ({
  'X-Goog-IAP-JWT-Assertion': await iapToken(email),
  ...fromPage,
})
const ada = () => as('ada@example.com')
const bob = () => as('bob@example.com')
const olga = () => as('olga@example.com')
const vic = () => as('vic@example.com')

type Json = Record<string, unknown>
const ask = async (
  method: 'GET' | 'POST',
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
) => {
  const reply = await fetch(new URL(path, running.url), {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return {
    status: reply.status,
    headers: reply.headers,
    body: (text.startsWith('{') ? JSON.parse(text) : text) as Json,
  }
}
const post = (path: string, headers: Record<string, string>, body: unknown) =>
  ask('POST', path, headers, body)

const kill = { command: 'kill', reason: 'drill' }
const resume = { command: 'resume', reason: 'cause is gone' }

/** Refusals are gathered for a second; then they are rows. */
const auditRows = async () => {
  fire()
  await ask('GET', '/api/audit/verify', await vic())
  return auditRowsFrom(await audit.query('SELECT * FROM audit_log ORDER BY sequence LIMIT 100000'))
}
const lastRow = async () => (await auditRows()).at(-1)

describe('whoever may not is refused, with a row and without an effect', () => {
  const expectRefused = async (
    headers: Record<string, string>,
    expected: { status: number; text: RegExp; actor: string },
  ) => {
    const reply = await post('/api/commands', headers, kill)
    expect([reply.status, reply.body.error]).toEqual([
      expected.status,
      expect.stringMatching(expected.text),
    ])
    expect(reply.body.remedy).toMatch(/\w/)
    expect(effects).toEqual([])
    expect(await lastRow()).toMatchObject({
      action: 'command',
      outcome: 'refused',
      status: expected.status,
      actor: expected.actor,
      request_id: reply.headers.get('x-request-id'),
    })
    expect(JSON.stringify(audit.rows)).not.toContain('eyJ')
  }

  test('no token', () =>
    expectRefused(fromPage, { status: 401, text: /needs an identity/, actor: 'anonymous' }))

  test('a token for another audience', async () => {
    const aud = '/projects/123/locations/asia-northeast1/services/other'
    const token = await iapToken('ada@example.com', { aud })
    await expectRefused(
      { 'X-Goog-IAP-JWT-Assertion': token, ...fromPage },
      { status: 401, text: /wrong audience/, actor: 'anonymous' },
    )
  })

  test('an expired token', async () => {
    const nowSeconds = clock.nowUs() / 1e6
    const token = await iapToken('ada@example.com', {
      iat: nowSeconds - 700,
      exp: nowSeconds - 60,
    })
    await expectRefused(
      { 'X-Goog-IAP-JWT-Assertion': token, ...fromPage },
      { status: 401, text: /has expired/, actor: 'anonymous' },
    )
  })

  test.each([
    ['another issuer', { iss: 'https://evil.example' }, /wrong issuer/],
    ['no expiry', { exp: undefined }, /wrong expiry/],
    ['no email', { email: undefined }, /wrong email/],
  ])('a token with %s', async (_, claims, text) => {
    const token = await iapToken('ada@example.com', claims)
    await expectRefused(
      { 'X-Goog-IAP-JWT-Assertion': token, ...fromPage },
      { status: 401, text, actor: 'anonymous' },
    )
  })

  test('a token that somebody else signed, or nobody', async () => {
    const forged = await iapToken('ada@example.com', {}, issuers.strangersKey)
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [forged, `${header}.${forged.split('.')[1]}.`, 'rubbish'])
      await expectRefused(
        { 'X-Goog-IAP-JWT-Assertion': token, ...fromPage },
        { status: 401, text: /not signed by its issuer/, actor: 'anonymous' },
      )
  })

  test('a machine whose token is for another audience, or its email not verified', async () => {
    const email = 'robot@project.iam.gserviceaccount.com'
    const other = await oidcToken(email, { aud: 'https://other.example' })
    await expectRefused(
      { Authorization: `Bearer ${other}` },
      { status: 401, text: /wrong audience/, actor: 'anonymous' },
    )
    const unverified = await oidcToken(email, { email_verified: false })
    await expectRefused(
      { Authorization: `Bearer ${unverified}` },
      { status: 401, text: /not verified/, actor: 'anonymous' },
    )
  })

  test('somebody without a role, and a viewer', async () => {
    await expectRefused(await as('eve@example.com'), {
      status: 403,
      text: /eve@example.com has no role/,
      actor: 'eve@example.com',
    })
    await expectRefused(await vic(), {
      status: 403,
      text: /is viewer, this needs operator/,
      actor: 'vic@example.com',
    })
  })

  test.each([
    ['/api/limits', { positionRatioMax: 0.01, reason: 'x' }],
    ['/api/models/promote', { modelId: 'm', reason: 'x' }],
    ['/api/models/rollback', { reason: 'x' }],
    ['/api/commands', resume],
  ])('an operator at %s, which needs an admin', async (path, body) => {
    const reply = await post(path, await olga(), body)
    expect([reply.status, effects]).toEqual([403, []])
    expect(await lastRow()).toMatchObject({ outcome: 'refused', status: 403, role: 'operator' })
  })

  test('an oversized body, with its length said or not', async () => {
    const long = { command: 'kill', reason: 'x'.repeat(70_000) }
    expect((await post('/api/commands', await olga(), long)).status).toBe(413)
    const unsaid = await fetch(new URL('/api/commands', running.url), {
      method: 'POST',
      headers: await olga(),
      body: new Blob([JSON.stringify(long)]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect([unsaid.status, effects]).toEqual([413, []])
    expect(await lastRow()).toMatchObject({ outcome: 'refused', status: 413 })
  })

  test('a page of another site, and a request that a form could send', async () => {
    const { 'X-Requested-With': _, ...bare } = await ada()
    for (const headers of [
      { ...bare, 'Sec-Fetch-Site': 'cross-site', ...fromPage },
      { ...bare, 'Sec-Fetch-Site': 'same-site', ...fromPage },
      { ...bare, Origin: 'https://evil.example', ...fromPage },
      { ...bare, Origin: 'null', ...fromPage },
      bare,
    ])
      expect((await post('/api/commands', headers, kill)).status).toBe(403)
    expect(effects).toEqual([])
    const own = { ...bare, Origin: new URL(running.url).origin, ...fromPage }
    expect((await post('/api/commands', own, kill)).status).toBe(202)
  })

  test.each(['[', '{"a":'])('a body nested 32 000 deep with %j', async (open) => {
    const close = open === '[' ? ']' : '}'
    const depth = open === '[' ? 32_000 : 10_000
    const reply = await fetch(new URL('/api/functions/check-data', running.url), {
      method: 'POST',
      headers: await olga(),
      body: `${open.repeat(depth)}1${close.repeat(depth)}`,
    })
    expect([reply.status, await reply.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'the body is nested deeper than 32 levels' }),
    ])
    expect(effects).toEqual([])
    expect(await lastRow()).toMatchObject({ outcome: 'refused', status: 400 })
  })

  test('a body of the wrong shape', async () => {
    expect((await post('/api/commands', await olga(), { command: 'buy' })).status).toBe(400)
    expect(await lastRow()).toMatchObject({ outcome: 'refused', status: 400 })
    expect(effects).toEqual([])
  })
})

describe('floods', () => {
  test('200 requests in a second: most are 429 with a time to wait, one row counts them', async () => {
    const headers = await olga()
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => post('/api/functions/scan-funding', headers, {})),
    )
    const refused = replies.filter(({ status }) => status === 429)
    expect(refused.length).toBe(140)
    expect(effects).toHaveLength(60)
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0)
    const counted = (await auditRows()).filter(({ status }) => status === 429)
    expect(counted.map(({ actor, detail }) => [actor, JSON.parse(detail).count])).toEqual([
      ['olga@example.com', 140],
    ])
    clock.atUs += 1e6
    expect((await post('/api/commands', headers, kill)).status).toBe(202)
  })

  test('whoever guesses tokens is slowed down, and people beside them can still kill', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 200 }, () =>
        post('/api/commands', { 'X-Goog-IAP-JWT-Assertion': 'guess', ...fromPage }, kill),
      ),
    )
    expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([401, 429]))
    expect(effects).toEqual([])
    expect((await post('/api/commands', await olga(), kill)).status).toBe(202)
    // Two kinds of refusal, then the kill before and after.
    expect((await auditRows()).map(({ status }) => status)).toEqual([401, 429, null, 202])
  })
})

describe('open pages', () => {
  const openPage = async (headers: Record<string, string>) => {
    const aborted = new AbortController()
    const url = new URL('/api/stream', running.url)
    const reply = await fetch(url, { headers, signal: aborted.signal })
    if (reply.status === 200) await reply.body!.getReader().read()
    return { reply, close: () => aborted.abort() }
  }

  test('the fifth of one person is 429 and says what to do; others are let in, and closing makes room', async () => {
    const own = await vic()
    const pages = [
      await openPage(own),
      await openPage(own),
      await openPage(own),
      await openPage(own),
    ]
    const fifth = await openPage(own)
    expect([fifth.reply.status, await fifth.reply.json()]).toEqual([
      429,
      {
        error: 'vic@example.com has 4 pages open already',
        remedy: expect.stringMatching(/close one/),
      },
    ])
    expect(fifth.reply.headers.get('retry-after')).toBe('5')
    expect((await openPage(await olga())).reply.status).toBe(200)
    pages[0]!.close()
    await vi.waitFor(async () => expect((await openPage(own)).reply.status).toBe(200))
  })
})

describe('where a request comes from', () => {
  test('a name that is not ours', async () => {
    await running.close()
    await start({ hosts: [consoleHost] })
    const reply = await ask('GET', '/api/me', await vic())
    expect([reply.status, reply.body.error]).toEqual([403, expect.stringMatching(/host/)])
    expect((await ask('GET', '/healthz')).status).toBe(200)
  })

  test('an address outside the list; the client’s own words about it do not count', async () => {
    await running.close()
    await start({ allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'], forwardedHops: 1 })
    const me = async (forwardedFor: string) =>
      (await ask('GET', '/api/me', { ...(await vic()), 'X-Forwarded-For': forwardedFor })).status
    expect(await me('192.0.2.7')).toBe(200)
    expect(await me('10.0.0.1, 2001:db8::1')).toBe(200)
    expect(await me('192.0.2.7, 198.51.100.1')).toBe(403)
    expect(await me('nonsense')).toBe(403)
  })
})

describe('what is allowed is done once its row is stored', () => {
  test('a kill by an operator, a function by a machine', async () => {
    expect((await post('/api/commands', await olga(), kill)).status).toBe(202)
    const robot = 'robot@project.iam.gserviceaccount.com'
    const headers = {
      Authorization: `Bearer ${await oidcToken(robot)}`,
      'X-Request-Id': 'job-000001',
    }
    const reply = await post('/api/functions/check-data', headers, { symbols: ['BTCUSDT'] })
    expect([reply.status, reply.headers.get('x-request-id')]).toEqual([200, 'job-000001'])
    expect(effects).toEqual([
      { ...kill, by: 'olga@example.com', at: clock.nowUs() },
      { name: 'check-data', body: { symbols: ['BTCUSDT'] } },
    ])
    const rows = await auditRows()
    expect(
      rows.map(({ actor, action, outcome, status }) => [actor, action, outcome, status]),
    ).toEqual([
      ['olga@example.com', 'command', 'begun', null],
      ['olga@example.com', 'command', 'done', 202],
      [robot, 'function', 'begun', null],
      [robot, 'function', 'done', 200],
    ])
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
  })

  test('pause is a kill whose reason says so', async () => {
    await post('/api/commands', await olga(), { command: 'pause', reason: 'lunch' })
    expect(effects).toMatchObject([{ command: 'kill', reason: 'paused: lunch' }])
  })

  test('an audit log that cannot be written stops every change but a stop: 503 and no effect', async () => {
    audit.isAway = true
    const reply = await post('/api/commands', await ada(), resume)
    expect([reply.status, reply.body.error]).toEqual([
      503,
      expect.stringMatching(/audit log cannot be written/),
    ])
    expect(effects).toEqual([])
    expect((await post('/api/commands', await olga(), kill)).status).toBe(202)
    expect(effects).toMatchObject([{ command: 'kill' }])
    audit.isAway = false
    expect((await post('/api/commands', await olga(), kill)).status).toBe(202)
    expect(effects).toHaveLength(2)
    const rows = await auditRows()
    expect(rows.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'command begun',
      'command not-done',
      ...Array(2).fill(['command begun', 'command done']).flat(),
    ])
    expect(rows[1]?.actor).toBe('ada@example.com')
    expect(verifyAudit(rows)).toMatchObject({ isIntact: true })
  })

  test('a kill is answered although the audit log never answers', async () => {
    audit.isSilent = true
    expect((await post('/api/commands', await olga(), kill)).status).toBe(202)
    expect(effects).toMatchObject([{ command: 'kill' }])
    // The row waits for good, and the close of the console with it.
    closeConsole = async () => {}
  })

  test('training and promotion carry the proved name, and cannot be reached around it', async () => {
    await post('/api/training', await olga(), { reason: 'new data', dataset: 'd1' })
    await post('/api/models/promote', await ada(), { modelId: 'm-1', reason: 'better' })
    await post('/api/models/rollback', await ada(), { reason: 'worse' })
    expect(effects).toEqual([
      { name: 'start-training', body: { dataset: 'd1', by: 'olga@example.com' } },
      { name: 'promote-model', body: { modelId: 'm-1', reason: 'better', by: 'ada@example.com' } },
      { name: 'promote-model', body: { rollback: true, reason: 'worse', by: 'ada@example.com' } },
    ])
    const forged = { modelId: 'm-1', reason: 'x', by: 'bob@example.com' }
    expect((await post('/api/functions/promote-model', await olga(), forged)).status).toBe(409)
    expect(effects).toHaveLength(3)
  })

  test('reports are listed and downloaded, never shown', async () => {
    const list = await ask('GET', '/api/reports', await vic())
    expect(list.body).toEqual({ names: ['daily/2026-11-21.html', 'daily/2026-11-20.html'] })
    const file = await ask('GET', '/api/reports/file?name=daily/2026-11-21.html', await vic())
    expect([file.status, file.body]).toEqual([200, '<h1>day</h1>'])
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="2026-11-21.html"')
    for (const name of ['daily/none.html', '../secret', 'daily/../x.html'])
      expect([400, 404]).toContain(
        (await ask('GET', `/api/reports/file?name=${name}`, await vic())).status,
      )
  })
})

describe('limits', () => {
  const ceiling = {
    positionRatioMax: 0.05,
    concentrationRatioMax: 0.3,
    leverageMax: 3,
    dailyLossRatioMax: 0.05,
    drawdownRatioMax: 0.15,
  }
  const executorSays = () => {
    const trading = { mode: 'paper', isKilled: false, reason: '', workingOrders: 0 }
    bus.publish('equity', {
      rows: [],
      positions: [],
      trading: { ...trading, limits: { current: ceiling, ceiling } },
    })
  }

  test('within the ceilings they go to the executor', async () => {
    executorSays()
    const reply = await post('/api/limits', await ada(), { leverageMax: 2, reason: 'thin' })
    expect(reply.status).toBe(202)
    expect(effects).toMatchObject([{ command: 'limits', limits: { leverageMax: 2 } }])
  })

  test.each([
    [{ leverageMax: 3.01, reason: 'x' }, /over its ceiling of 3/],
    [{ leverageMax: 0, reason: 'x' }, /leverageMax/],
    [{ leverageMax: -1, reason: 'x' }, /leverageMax/],
    [{ leverageMax: '2', reason: 'x' }, /leverageMax/],
    [{ reason: 'x' }, /no limit is named/],
    [{ leverageMax: 2 }, /reason/],
    [{ cap: 2, reason: 'x' }, /body/],
  ])('%j is refused', async (body, text) => {
    executorSays()
    const reply = await post('/api/limits', await ada(), body)
    expect([reply.status, reply.body.error]).toEqual([400, expect.stringMatching(text)])
    expect(effects).toEqual([])
  })

  test('before the executor has spoken there is no ceiling to check against', async () => {
    const reply = await post('/api/limits', await ada(), { leverageMax: 2, reason: 'thin' })
    expect([reply.status, effects]).toEqual([503, []])
  })
})

describe('live: two people', () => {
  beforeEach(async () => {
    await running.close()
    await start({ mode: 'live' })
  })
  const askForResume = async () => {
    const reply = await post('/api/commands', await ada(), resume)
    expect([reply.status, effects]).toEqual([202, []])
    return reply.body as { confirmationId: string; actionHash: string }
  }
  const confirm = async (
    id: string,
    actionHash: string,
    headers: Record<string, string> | Promise<Record<string, string>> = bob(),
  ) => post(`/api/confirmations/${id}`, await headers, { actionHash })

  test('a resume waits for a second admin, and happens once', async () => {
    const { confirmationId, actionHash } = await askForResume()
    const list = await ask('GET', '/api/confirmations', await bob())
    expect(list.body.waiting).toMatchObject([
      { id: confirmationId, askedBy: 'ada@example.com', body: resume, actionHash },
    ])
    expect((await confirm(confirmationId, actionHash)).status).toBe(202)
    const by = 'ada@example.com and bob@example.com'
    expect(effects).toEqual([{ ...resume, by, at: clock.nowUs() }])

    const replayed = await confirm(confirmationId, actionHash)
    expect([replayed.status, replayed.body.error]).toEqual([409, expect.stringMatching(/was used/)])
    expect(effects).toHaveLength(1)
    expect(await lastRow()).toMatchObject({ action: 'confirm', outcome: 'refused', status: 409 })
    expect((await auditRows()).map(({ outcome }) => outcome)).toEqual([
      'asked',
      'begun',
      'done',
      'refused',
    ])
  })

  test('two confirmations at the same moment: one counts', async () => {
    const { confirmationId, actionHash } = await askForResume()
    const both = await Promise.all([1, 2].map(() => confirm(confirmationId, actionHash)))
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
    expect(effects).toHaveLength(1)
  })

  test('not by whoever asked, not by an operator, not for another action, not too late', async () => {
    const { confirmationId, actionHash } = await askForResume()
    expect((await confirm(confirmationId, actionHash, ada())).status).toBe(403)
    expect((await confirm(confirmationId, actionHash, olga())).status).toBe(403)
    expect((await confirm(confirmationId, 'f'.repeat(64))).status).toBe(409)
    expect((await confirm('request-none', actionHash)).status).toBe(404)
    clock.atUs += 5 * microsPerMinute
    expect((await confirm(confirmationId, actionHash)).status).toBe(409)
    expect(effects).toEqual([])
  })

  test('a stop after a resume was asked for is not lifted by its confirmation', async () => {
    const first = await askForResume()
    await post('/api/commands', await olga(), kill)
    expect((await confirm(first.confirmationId, first.actionHash)).status).toBe(409)
    expect(effects).toMatchObject([{ command: 'kill' }])

    effects.length = 0
    const told = (reason: string) =>
      bus.publish('equity', {
        rows: [],
        positions: [],
        trading: { mode: 'live', isKilled: true, reason, workingOrders: 0 },
      })
    told('maintenance')
    const second = await askForResume()
    told('drawdown reached 15 % of peak equity')
    expect((await confirm(second.confirmationId, second.actionHash)).status).toBe(409)
    expect(effects).toEqual([])
  })

  test('kill, flatten and pause need one person only', async () => {
    for (const command of ['kill', 'flatten', 'pause'])
      await post('/api/commands', await olga(), { command, reason: 'now' })
    expect(effects).toHaveLength(3)
  })

  test('an executor that says live is live, whatever the console was told', async () => {
    await running.close()
    await start({ mode: 'paper' })
    expect((await post('/api/commands', await ada(), resume)).body.accepted).toBe('resume')
    const trading = { mode: 'live', isKilled: true, reason: 'x', workingOrders: 0 }
    bus.publish('equity', { rows: [], positions: [], trading })
    expect((await post('/api/commands', await ada(), resume)).body.awaits).toBe('a second admin')
    expect(effects).toHaveLength(1)
  })
})

test('keys that cannot be fetched say nothing about a token: 503, not 401', async () => {
  await running.close()
  const fetchFails = async () => {
    throw new TypeError('fetch failed')
  }
  const { keys } = issuers
  Object.assign(issuers, { keys: { iap: fetchFails, oidc: fetchFails } })
  await start()
  Object.assign(issuers, { keys })
  expect((await post('/api/commands', await ada(), kill)).status).toBe(503)
  expect(effects).toEqual([])
})
