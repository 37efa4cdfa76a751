import { expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import { assumptions, billOf, callsPerMonth, hoursPerMonth, totalOf } from './bill.ts'

const profile = (gpuHours: number) => ({ name: 'test', what: '', gpuHours })

test('an L4 that is always on costs about 764 dollars more than none', () => {
  const [none, always] = [0, hoursPerMonth].map((hours) =>
    totalOf(billOf(profile(hours), assumptions)),
  )
  // 4 vCPU, 16 GiB and the GPU, as the platform notes work it out: 491 + 273.
  expect(always! - none!).toBeGreaterThan(755)
  expect(always! - none!).toBeLessThan(770)
})

test('the GPU share grows with its hours and nothing else changes', () => {
  const totals = [0, 100, 200].map((hours) => totalOf(billOf(profile(hours), assumptions)))
  expect(totals[2]! - totals[1]!).toBeCloseTo(totals[1]! - totals[0]!, 9)
})

test.each([
  ['5 * * * * *', 43_800],
  ['40 */5 * * * *', 8_760],
  ['50 7 * * * *', 730],
  ['0 5 0 * * *', 730 / 24],
  ['0 0 3 * * 0', 730 / 24 / 7],
])('%s is %d calls a month', (cron, calls) => {
  expect(callsPerMonth(cron)).toBeCloseTo(calls, 6)
})

test('every schedule of the manifest is understood, and an unknown shape is no silent guess', () => {
  for (const { schedule } of Object.values(functions))
    if (schedule !== undefined) expect(callsPerMonth(schedule)).toBeGreaterThan(0)
  expect(() => callsPerMonth('0 0 9-17 * * *')).toThrow('shape')
})
