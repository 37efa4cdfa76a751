import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import { isAlreadyExists, isNotFound, isPreconditionFailed, platformFault } from './fault.ts'

const failure = (fields: object) => Object.assign(new Error('said the platform\nat line 2'), fields)

test.each([
  { code: 14 },
  { code: 4 },
  { code: 8 },
  { code: 503 },
  { code: 429 },
  { code: '503' },
  { code: 'ECONNREFUSED' },
  { code: 'ENOTFOUND' },
  { cause: { code: 'ECONNRESET' } },
  {},
])('%j leaves the outcome open', (fields) => {
  expect(platformFault(failure(fields), 'publish to topic fills')).toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
    message: 'publish to topic fills: no answer (said the platform)',
    remedy: 'retry-later',
  })
})

test.each([
  [{ code: 7 }, 'grant this identity'],
  [{ code: 403 }, 'grant this identity'],
  [{ code: 5 }, 'create it'],
  [{ code: 404 }, 'create it'],
  [{ code: 16 }, 'service account'],
  [{ code: 3 }, 'request is wrong'],
  [{ code: 'INVALID' }, 'said the platform'],
])('%j is a clear no', (fields, remedy) => {
  const fault = platformFault(failure(fields), 'reading secret x')
  expect(fault).toMatchObject({ code: 'PLATFORM_REFUSED', remedy: 'halt' })
  expect(fault.message).toContain('reading secret x: said the platform')
  expect(fault.message).toContain(remedy)
  expect(fault.message).not.toContain('\n')
})

test('a fault of ours stays what it is', () => {
  const own = new TradingError('OPTION_INVALID', 'x')
  expect(platformFault(own, 'anything')).toBe(own)
})

test('codes of gRPC and HTTP mean the same', () => {
  expect([5, 404, 6].map((code) => isNotFound(failure({ code })))).toEqual([true, true, false])
  expect([6, 409, 5].map((code) => isAlreadyExists(failure({ code })))).toEqual([true, true, false])
  expect([9, 412, 5].map((code) => isPreconditionFailed(failure({ code })))).toEqual([
    true,
    true,
    false,
  ])
})
