import { expect, test } from 'vitest'
import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import type { HttpRequest } from '#shared/kernel/runtime.ts'
import { proveEgress } from './egress.ts'
import { startHealthServer } from './health.ts'
import { identityHeaders } from './identity-token.ts'
import { hostUrl, readSettings, symbolList, wholeNumber } from './settings.ts'
import { virtualTime } from './virtual-time.fixture.ts'

const schema = z.object({
  SYMBOLS: symbolList,
  PORT: wholeNumber(1, 65_535, 'port').default(8080),
  VENUE: hostUrl(['https']).optional(),
})

test('settings are read, defaults fill in, an empty variable is an absent one', () => {
  expect(readSettings(schema, { SYMBOLS: ' btcusdt, ETHUSDT', PORT: '' })).toEqual({
    SYMBOLS: ['BTCUSDT', 'ETHUSDT'],
    PORT: 8080,
  })
})

test.each([
  [{}, /^SYMBOLS is not set; give symbols separated by commas/],
  [{ SYMBOLS: 'BTC/USDT' }, /^SYMBOLS cannot be used: holds what is no symbol/],
  [{ SYMBOLS: 'BTCUSDT,BTCUSDT' }, /^SYMBOLS cannot be used: names a symbol twice/],
  [{ SYMBOLS: 'BTCUSDT', PORT: '70000' }, /^PORT cannot be used: more than 65535; give port/],
  [{ SYMBOLS: 'BTCUSDT', PORT: '8o8o' }, /^PORT cannot be used: not a whole number/],
  [{ SYMBOLS: 'BTCUSDT', VENUE: 'http://a' }, /^VENUE cannot be used: not scheme and host/],
  [{ SYMBOLS: 'BTCUSDT', VENUE: 'https://a/path' }, /^VENUE cannot be used/],
])('settings %j are refused in one line', (environment, line) => {
  try {
    readSettings(schema, environment)
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    expect((error as Error).message).toMatch(line)
    expect((error as Error).message).not.toContain('\n')
  }
})

test('the startup probe fails until the process is ready, liveness does not care', async () => {
  let ready: true | string = 'no way out yet'
  const health = await startHealthServer({ port: 0, host: '127.0.0.1', isReady: () => ready })
  const ask = async (path: string, method = 'GET') => {
    const reply = await fetch(`http://127.0.0.1:${health.port}${path}`, { method })
    return [reply.status, await reply.json()]
  }
  expect(await ask('/readyz')).toEqual([503, { ready: false, message: 'no way out yet' }])
  expect(await ask('/healthz')).toEqual([200, { alive: true }])
  ready = true
  expect(await ask('/readyz')).toEqual([200, { ready: true }])
  expect((await ask('/other'))[0]).toBe(404)
  expect((await ask('/healthz', 'POST'))[0]).toBe(405)
  await expect(
    startHealthServer({ port: health.port, host: '127.0.0.1', isReady: () => true }),
  ).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  await health.close()
})

function egressOf(answers: readonly (number | Error)[], patienceSeconds = 60) {
  const time = virtualTime()
  const said: string[] = []
  let asked = 0
  const proof = proveEgress({
    readVenueTimeMs: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)]!
      if (answer instanceof Error) throw answer
      return answer
    },
    clock: time.clock,
    timers: time.timers,
    patienceSeconds,
    report: (line) => said.push(line),
  })
  proof.catch(() => {})
  return { time, proof, said, asked: () => asked }
}
const noWay = new TradingError('VENUE_UNREACHABLE', 'venue: connection refused')

test('a way out that opens late is found, and said once', async () => {
  const { time, proof, said } = egressOf([noWay, noWay, noWay, 1_700_000_000_000])
  await time.pass(10)
  expect(await proof).toMatchObject({ attempts: 4 })
  expect(said).toEqual(['the venue cannot be reached yet: venue: connection refused'])
})

test('no way out within the patience is one line that says where to look', async () => {
  const { time, proof, asked } = egressOf([noWay], 60)
  await time.pass(70)
  await expect(proof).rejects.toThrow(/no way to the venue within 60 s .* check NAT, firewall/)
  expect(asked()).toBeLessThan(20)
})

test('what another attempt cannot mend is told at once', async () => {
  const { proof, asked } = egressOf([new TradingError('VENUE_BANNED', 'banned')])
  await expect(proof).rejects.toMatchObject({ code: 'VENUE_BANNED' })
  expect(asked()).toBe(1)
})

const tokenUntil = (seconds: number) =>
  `head.${Buffer.from(JSON.stringify({ exp: seconds })).toString('base64url')}.sign`

test('the identity token is kept until shortly before its end', async () => {
  const time = virtualTime()
  const asked: HttpRequest[] = []
  const headers = identityHeaders(
    {
      clock: time.clock,
      http: async (request) => {
        asked.push(request)
        return {
          status: 200,
          headers: {},
          body: `${tokenUntil(Math.floor(time.clock.nowUs() / 1e6) + 3_600)}\n`,
        }
      },
    },
    'https://inference.example',
  )
  const first = await headers()
  expect(first.authorization).toMatch(/^Bearer head\.[\w-]+\.sign$/)
  await time.pass(54 * 60)
  expect(await headers()).toEqual(first)
  await time.pass(2 * 60)
  expect(await headers()).not.toEqual(first)
  expect(asked.length).toBe(2)
  expect(asked[0]?.url).toContain('audience=https%3A%2F%2Finference.example')
})

test.each([
  [404, '', 'PLATFORM_REFUSED'],
  [200, 'no token', 'PLATFORM_REFUSED'],
])('a metadata server that answers %s %j gives no bearer', async (status, body, code) => {
  const { clock } = virtualTime()
  const http = async () => ({ status, headers: {}, body })
  await expect(identityHeaders({ clock, http }, 'x')()).rejects.toMatchObject({ code })
})
