import { generateKeyPairSync, sign } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { googleTokenVerifier, readPush, verifyPush } from './push.ts'

const audience = 'https://guard-spend.example'
const serviceAccount = 'pusher@asterai-dev.iam.gserviceaccount.com'
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicKey = ours.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const verifyToken = googleTokenVerifier({ ours: publicKey })

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const nowSeconds = 1_800_000_000

beforeEach(() => {
  // The library reads the clock of the machine.
  vi.useFakeTimers({ toFake: ['Date'], now: nowSeconds * 1_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

function token(changes: object = {}, key = ours.privateKey): string {
  const claims = {
    iss: 'https://accounts.google.com',
    aud: audience,
    email: serviceAccount,
    email_verified: true,
    iat: nowSeconds - 60,
    exp: nowSeconds + 3_540,
    ...changes,
  }
  const signed = `${base64({ alg: 'RS256', kid: 'ours' })}.${base64(claims)}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
}

const verify = (authorization: string | undefined) =>
  verifyPush(authorization, { audience, serviceAccount }, verifyToken)

describe('a push is taken from our subscription only', () => {
  test('its token opens the door', async () => {
    await expect(verify(`Bearer ${token()}`)).resolves.toBeUndefined()
  })

  test.each<[string, () => string | undefined]>([
    ['no header', () => undefined],
    ['no bearer', () => `Basic ${token()}`],
    ['no token', () => 'Bearer nonsense'],
    ['another audience', () => `Bearer ${token({ aud: 'https://other.example' })}`],
    ['another issuer', () => `Bearer ${token({ iss: 'https://evil.example' })}`],
    ['another identity', () => `Bearer ${token({ email: 'other@example.com' })}`],
    ['an unverified address', () => `Bearer ${token({ email_verified: false })}`],
    [
      'an expired token',
      () => `Bearer ${token({ iat: nowSeconds - 7_200, exp: nowSeconds - 3_600 })}`,
    ],
    ['another key', () => `Bearer ${token({}, theirs.privateKey)}`],
    [
      'a changed payload',
      () => {
        const [head, , signature] = token().split('.')
        return `Bearer ${head}.${base64({ aud: audience })}.${signature}`
      },
    ],
  ])('%s is refused', async (_, authorization) => {
    const given = authorization()
    const refusal: unknown = await verify(given).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'PLATFORM_REFUSED' })
    expect((refusal as Error).message).not.toContain(given?.split('.')[2] ?? 'nothing')
  })
})

test('whoever verifies the token, its issuer is Google', async () => {
  const claims = { iss: 'https://evil.example', email: serviceAccount, email_verified: true }
  const verifying = verifyPush(
    `Bearer ${token()}`,
    { audience, serviceAccount },
    async () => claims,
  )
  await expect(verifying).rejects.toThrow('another issuer')
})

describe('the body of a push', () => {
  const encoded = Buffer.from('{"costAmount":1.5}').toString('base64')

  test('is unwrapped', () => {
    const body = {
      message: { data: encoded, messageId: '42', attributes: { billingAccountId: 'x' } },
      subscription: 'projects/p/subscriptions/budget-notices-guard-spend',
      deliveryAttempt: 2,
    }
    expect(readPush('budget-notices', body)).toEqual({
      message: { costAmount: 1.5 },
      messageId: '42',
      attributes: { billingAccountId: 'x' },
      orderingKey: undefined,
      subscription: 'projects/p/subscriptions/budget-notices-guard-spend',
      deliveryAttempt: 2,
    })
  })

  test.each([
    undefined,
    'text',
    [],
    {},
    { message: {} },
    { message: { data: encoded } },
    { message: { messageId: '1' } },
    { message: { messageId: '1', data: 'bm8ganNvbg==' } },
  ])('%j is none', (body) => {
    expect(() => readPush('budget-notices', body)).toThrow(
      expect.objectContaining({ code: 'WIRE_SHAPE_UNKNOWN' }),
    )
  })
})
