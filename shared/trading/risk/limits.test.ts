import fc from 'fast-check'
import { expect, test } from 'vitest'
import { areTightened, changeLimits, type Limits, standardLimits } from './limits.ts'

const names = Object.keys(standardLimits) as (keyof Limits)[]
const change = fc.dictionary(
  fc.constantFrom(...names, 'toString', '__proto__', 'other'),
  fc.oneof(fc.double(), fc.double({ min: 0, max: 5, noNaN: true })),
)

test('whatever is asked for, no limit is ever over its ceiling, absent, or not above zero', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
      let current = standardLimits
      for (const asked of changes) current = changeLimits(standardLimits, current, asked)
      expect(Object.keys(current)).toEqual(names)
      for (const name of names) {
        expect(current[name]).toBeGreaterThan(0)
        expect(current[name]).toBeLessThanOrEqual(standardLimits[name])
      }
    }),
  )
})

test('what is named moves, what is not stays, and the ceiling can be given back', () => {
  const tight = changeLimits(standardLimits, standardLimits, { leverageMax: 1 })
  expect(tight).toEqual({ ...standardLimits, leverageMax: 1 })
  expect(areTightened(standardLimits, tight)).toBe(true)
  expect(changeLimits(standardLimits, tight, { positionRatioMax: 0.01 }).leverageMax).toBe(1)
  const back = changeLimits(standardLimits, tight, { leverageMax: 99 })
  expect(areTightened(standardLimits, back)).toBe(false)
  for (const value of [0, -1, Number.NaN])
    expect(changeLimits(standardLimits, tight, { leverageMax: value })).toEqual(tight)
})
