import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import { patiently } from './patience.ts'

const patience = { tryTimeoutMs: 1_000, triesMax: 3 }

test('work that fails for want of an answer is done again, other faults are not', async () => {
  let tries = 0
  const answered = await patiently('read', patience, async () => {
    tries += 1
    if (tries < 2) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    return 'here'
  })
  expect([answered, tries]).toEqual(['here', 2])

  const refusal = Object.assign(new Error('no right'), { code: 403 })
  let asked = 0
  const refused = patiently('read', patience, async () => {
    asked += 1
    throw refusal
  })
  await expect(refused).rejects.toBe(refusal)
  expect(asked).toBe(1)
})

test('work that never ends is a fault that names it', async () => {
  const silent = patiently(
    'read gs://b/a',
    { tryTimeoutMs: 5, triesMax: 1 },
    () => new Promise(() => {}),
  )
  await expect(silent).rejects.toBeInstanceOf(TradingError)
  await expect(silent).rejects.toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
    message: 'read gs://b/a: no answer in 5 ms',
  })
})
