import { expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import { assumptions, billOf, callsPerMonth, hoursPerMonth, totalOf } from './bill.ts'
import { gpuHoursPerMonth, settingsOfStack } from './gpu-hours.ts'

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

test('hours of the GPU come from the settings of the stack', () => {
  const office = { on: '0 6 * * 1-5', off: '0 14 * * 1-5' }
  expect(gpuHoursPerMonth(office)).toBeCloseTo((8 * 5 * 730) / 168, 9)
  expect(gpuHoursPerMonth({ on: '30 0 * * *', off: '0 5 * * *' })).toBeCloseTo((4.5 * 730) / 24, 9)
  expect(() => gpuHoursPerMonth({ on: '0 22 * * *', off: '0 2 * * *' })).toThrow('same days')
  expect(() => gpuHoursPerMonth({ on: '0 6 1 * *', off: '0 9 1 * *' })).toThrow('shape')
  expect(settingsOfStack('prod').gpuHours).toEqual(office)
})

test.each(['dev', 'prod'])('the budget that stack %s comes with pays for what it runs', (stack) => {
  const { gpuHours, budget } = settingsOfStack(stack)
  const bill = totalOf(billOf(profile(gpuHours ? gpuHoursPerMonth(gpuHours) : 0), assumptions))
  expect(budget?.currency).toBe('USD')
  // Asian regions cost more than the list of the estimate.
  expect(budget!.amount).toBeGreaterThan(bill * 1.1)
  // A budget far above would notice a runaway late.
  expect(budget!.amount).toBeLessThan(bill * 1.5)
})

test('every schedule of the manifest is understood, and an unknown shape is no silent guess', () => {
  for (const { schedule } of Object.values(functions))
    if (schedule !== undefined) expect(callsPerMonth(schedule)).toBeGreaterThan(0)
  expect(() => callsPerMonth('0 0 9-17 * * *')).toThrow('shape')
})
