import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareFunding } from './funding-share.ts'

test('shares always add up to the settlement', () => {
  const lots = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), lots, (amount, held) => {
      expect(shareFunding(amount, held).reduce((sum, share) => sum + share, 0n)).toBe(amount)
    }),
  )
})

test('a sub-book on the other side is paid what its owner alone would be paid', () => {
  expect(shareFunding(-200n, [5, -3])).toEqual([-500n, 300n])
})
