import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { HttpReply, HttpRequest, Runtime } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createRateBudget } from './budget.ts'
import { endpoints } from './endpoint.ts'
import { exampleStartUs } from './fixture.ts'
import { createNonceSource } from './nonce.ts'
import { createRest, encodeParams } from './rest.ts'
import { createSigner, recoverSignerAddress } from './sign.ts'

const signer = createSigner({ privateKeyHex: '5'.repeat(64), chainId: 1_666 })
type Scripted = Partial<HttpReply> | 'no reply'

/** REST over a venue that answers from a list; time jumps to every timer at once. */
function restOver(answers: readonly Scripted[], withSigner = true) {
  const requests: HttpRequest[] = []
  const faults: TradingError[] = []
  const waitsUs: number[] = []
  let nowUs: number = exampleStartUs
  const runtime: Runtime = {
    clock: { nowUs: () => nowUs as Micros },
    timers: {
      after: (delayUs, task) => {
        waitsUs.push(delayUs)
        nowUs += delayUs
        queueMicrotask(task)
        return () => {}
      },
    },
    http: async (request) => {
      const answer = answers[requests.length]
      requests.push(request)
      if (answer === undefined) throw new Error(`request ${requests.length} was not expected`)
      if (answer === 'no reply') throw new TradingError('VENUE_UNREACHABLE', 'reset by peer')
      return { status: 200, headers: {}, body: '{}', ...answer }
    },
    openSocket: () => ({ send: () => {}, close: () => {} }),
  }
  const base = {
    runtime,
    restUrl: 'https://venue.example',
    budget: createRateBudget(runtime.clock),
    nonces: createNonceSource(runtime.clock),
    onFault: (error: TradingError) => faults.push(error),
  }
  return { rest: createRest(withSigner ? { ...base, signer } : base), requests, faults, waitsUs }
}

const failure = (status: number, code: number): Scripted => ({
  status,
  body: JSON.stringify({ code, msg: 'text varies' }),
})

test('a signed write is one form body, signed exactly as it is sent', async () => {
  const { rest, requests } = restOver([{ body: '{"orderId":1}' }])
  const params = [
    ['symbol', 'BTCUSDT'],
    ['newClientOrderId', 'a:b/c'],
  ] as const
  const result = await rest.write(endpoints.placeOrder, params, 1_760_000_000_000_001)
  expect(result).toEqual({ outcome: 'done', body: { orderId: 1 } })
  const [request] = requests
  expect(request).toMatchObject({ method: 'POST', url: 'https://venue.example/fapi/v3/order' })
  const [message = '', signature = ''] = request?.body?.split('&signature=') ?? []
  expect(message).toBe(
    `symbol=BTCUSDT&newClientOrderId=a%3Ab%2Fc&nonce=1760000000000001&signer=${signer.address}`,
  )
  expect(recoverSignerAddress(message, signature, 1_666)).toBe(signer.address)
})

test('cancels and reads carry everything in the query, and every request has its own nonce', async () => {
  const { rest, requests } = restOver([{}, {}])
  await rest.write(endpoints.cancelOrder, [['symbol', 'BTCUSDT']])
  await rest.read(endpoints.balance, [])
  expect(requests.map((r) => r.body)).toEqual([undefined, undefined])
  const nonces = requests.map((r) => new URL(r.url).searchParams.get('nonce'))
  expect(Number(nonces[1])).toBeGreaterThan(Number(nonces[0]))
})

const unclear: readonly [string, Scripted][] = [
  ['no reply', 'no reply'],
  ['503', { status: 503, body: '' }],
  ['502 with a page', { status: 502, body: '<html>' }],
  ['-1000', failure(400, -1000)],
  ['-1001', failure(400, -1001)],
  ['-1006', failure(400, -1006)],
  ['-1007', failure(408, -1007)],
  ['a reply that is no JSON', { status: 200, body: '{"orderId":1' }],
]
test.each(unclear)('a write answered by %s is unknown and is not sent again', async (_, answer) => {
  const { rest, requests } = restOver([answer])
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'unknown' })
  expect(requests).toHaveLength(1)
})

test.each([-2010, -2019, -4014, -1121])('a write answered %i did not happen', async (code) => {
  const { rest, requests, faults } = restOver([failure(400, code)])
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'refused', code })
  expect(requests).toHaveLength(1)
  expect(faults).toEqual([])
})

test.each([-1022, -2015, -4061])(
  'a write answered %i did not happen and needs a person',
  async (code) => {
    const { rest, faults } = restOver([failure(400, code)])
    expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'refused', code })
    expect(faults).toMatchObject([{ code: 'VENUE_UNAUTHORISED', details: { code } }])
    expect(String(faults[0])).not.toContain('5555')
  },
)

test('a refused nonce is refused, and the venue’s clock is read again', async () => {
  const { rest, requests } = restOver([
    failure(400, -4225),
    { body: '{"serverTime":1760000005000}' },
  ])
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'refused' })
  await Promise.resolve()
  expect(requests[1]?.url).toContain('/fapi/v3/time')
})

test('a read is asked again after growing pauses, four times at most', async () => {
  const { rest, requests, waitsUs } = restOver([
    'no reply',
    failure(503, 0),
    failure(400, -1001),
    {},
  ])
  expect(await rest.read(endpoints.balance, [])).toEqual({})
  expect(requests).toHaveLength(4)
  expect(waitsUs).toEqual([500_000, 1_000_000, 2_000_000])
  const dead = restOver(['no reply', 'no reply', 'no reply', 'no reply'])
  await expect(dead.rest.read(endpoints.balance, [])).rejects.toMatchObject({
    code: 'VENUE_UNREACHABLE',
  })
})

test('a read that was refused is not repeated and tells the venue’s code', async () => {
  const { rest, requests } = restOver([failure(400, -1121)])
  await expect(rest.read(endpoints.balance, [])).rejects.toMatchObject({
    code: 'VENUE_REFUSED',
    details: { code: -1121 },
  })
  expect(requests).toHaveLength(1)
})

test('429 without a stated pause waits half a minute before anything is sent', async () => {
  const { rest, waitsUs } = restOver([failure(429, -1003), {}])
  await rest.read(endpoints.balance, [])
  expect(waitsUs.reduce((sum, us) => sum + us, 0)).toBeGreaterThanOrEqual(30_000_000)
})

test.each([418, 403])('after HTTP %i nothing is sent any more', async (status) => {
  const { rest, requests, faults } = restOver([{ status, body: '<html>go away</html>' }])
  await expect(rest.read(endpoints.time, [])).rejects.toMatchObject({ code: 'VENUE_BANNED' })
  await expect(rest.read(endpoints.time, [])).rejects.toMatchObject({ code: 'VENUE_BANNED' })
  expect(await rest.write(endpoints.cancelAll, [])).toMatchObject({ outcome: 'refused', code: 0 })
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'refused', code: 0 })
  expect(requests).toHaveLength(1)
  expect(faults.map((f) => f.code)).toEqual(['VENUE_BANNED'])
})

test('without a key public reads work, signed reads are a configuration error, orders are refused', async () => {
  const { rest, requests } = restOver([{}], false)
  await rest.read(endpoints.exchangeInfo, [])
  await expect(rest.read(endpoints.balance, [])).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({ outcome: 'refused', code: 0 })
  expect(requests).toHaveLength(1)
})

test('an order that the budget has no room for never leaves', async () => {
  const { rest, requests } = restOver(Array.from({ length: 1_080 }, () => ({})))
  for (let n = 0; n < 1_080; n++) await rest.write(endpoints.placeOrder, [])
  expect(await rest.write(endpoints.placeOrder, [])).toMatchObject({
    outcome: 'refused',
    code: 0,
    reason: expect.stringContaining('rate budget'),
  })
  expect(requests).toHaveLength(1_080)
})

test('parameters are encoded the way they are signed', () => {
  expect(encodeParams([['a', '["x","y"]']])).toBe('a=%5B%22x%22%2C%22y%22%5D')
})
