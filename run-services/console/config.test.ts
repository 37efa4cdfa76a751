import { describe, expect, test } from 'vitest'
import { localConsoleConfig, readConsoleConfig } from './config.ts'

const whole = {
  CONSOLE_IAP_AUDIENCE: '/projects/1/locations/asia-northeast1/services/console',
  CONSOLE_ADMINS: 'Ada@Example.com, bob@example.com',
  CONSOLE_VIEWERS: 'vic@example.com,',
  CONSOLE_HOSTS: 'Console.example.run.app',
}

describe('the console of the cloud', () => {
  test('reads its environment; emails and hosts in lower case, paper unless told otherwise', () => {
    expect(readConsoleConfig(whole)).toEqual({
      mode: 'paper',
      auth: {
        kind: 'google',
        iapAudience: whole.CONSOLE_IAP_AUDIENCE,
        roles: {
          viewers: ['vic@example.com'],
          operators: [],
          admins: ['ada@example.com', 'bob@example.com'],
        },
      },
      hosts: ['console.example.run.app'],
      allowedAddresses: [],
      forwardedHops: 1,
      rate: { requestsPerSecond: 20, burst: 60 },
    })
  })

  test.each<[Record<string, string | undefined>, RegExp]>([
    [{ CONSOLE_IAP_AUDIENCE: undefined }, /^CONSOLE_IAP_AUDIENCE is missing/],
    [{ CONSOLE_ADMINS: '' }, /^CONSOLE_ADMINS is missing/],
    [{ CONSOLE_ADMINS: 'ada' }, /^CONSOLE_ADMINS: /],
    [{ ASTERAI_MODE: 'live', CONSOLE_ADMINS: 'a@example.com' }, /^CONSOLE_ADMINS .*two admins/],
    [
      { ASTERAI_MODE: 'live', CONSOLE_ADMINS: 'a@example.com,A@Example.com' },
      /^CONSOLE_ADMINS .*two admins/,
    ],
    [{ ASTERAI_MODE: 'real' }, /^ASTERAI_MODE: /],
    [{ CONSOLE_HOSTS: undefined }, /^CONSOLE_HOSTS is missing/],
    [{ CONSOLE_HOSTS: 'https://x' }, /^CONSOLE_HOSTS: /],
    [{ CONSOLE_ALLOWED_ADDRESSES: '10.0.0.0/99' }, /^CONSOLE_ALLOWED_ADDRESSES: /],
    [{ CONSOLE_FORWARDED_HOPS: 'one' }, /^CONSOLE_FORWARDED_HOPS: /],
    [{ CONSOLE_BURST: '0' }, /^CONSOLE_BURST: /],
    [{ CONSOLE_OIDC_AUDIENCE: 'x' }, /^CONSOLE_OIDC_AUDIENCE: /],
  ])('%j is refused by the name of the variable', (other, text) => {
    expect(() => readConsoleConfig({ ...whole, ...other })).toThrow(text)
  })
})

test('the console of one machine answers loopback names and takes a real secret only', () => {
  expect(localConsoleConfig('a-token-of-test-01')).toMatchObject({ hosts: [], forwardedHops: 0 })
  expect(() => localConsoleConfig('short')).toThrow(/shorter than 16/)
})
