import { expect, test } from 'vitest'
import type { Http } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionClient } from './function-client.ts'

const clock = { nowUs: () => 1_700_000_000_000_000 as Micros }
const token = `a.${Buffer.from(JSON.stringify({ exp: 4e9 })).toString('base64url')}.c`

const answering =
  (status: number, body: string): Http =>
  async ({ url }) =>
    url.includes('metadata')
      ? { status: 200, headers: {}, body: token }
      : { status, headers: {}, body }

test.each([
  [400, 'OPTION_INVALID', /check-data: no such symbol$/],
  [429, 'PLATFORM_UNREACHABLE', /call again later/],
  [502, 'PLATFORM_REFUSED', /check-data failed: no such symbol/],
  [503, 'PLATFORM_UNREACHABLE', /call again later/],
  [500, 'PLATFORM_REFUSED', /check-data failed: no such symbol/],
  [401, 'PLATFORM_REFUSED', /check-data failed/],
])('a function that answers %i', async (status, code, message) => {
  const http = answering(status, '{"message":"no such symbol"}')
  const call = functionClient({ http, clock }, 'https://{name}.run.app')
  await expect(call('check-data', {})).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

test.each([502, 504])('whatever answers %i in its place leaves it unknown', async (status) => {
  const call = functionClient(
    { http: answering(status, '<html>upstream</html>'), clock },
    'https://{name}.run.app',
  )
  await expect(call('start-training', {})).rejects.toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
    message: expect.stringMatching(/unknown whether it ran/),
  })
})

test('its answer comes back, and an address without a place for the name is refused', async () => {
  const call = functionClient({ http: answering(200, '{"rows":3}'), clock }, 'https://{name}.app')
  expect(await call('check-data', {})).toEqual({ rows: 3 })
  expect(() => functionClient({ http: answering(200, ''), clock }, 'https://x.app')).toThrow(
    /lacks \{name\}/,
  )
})
