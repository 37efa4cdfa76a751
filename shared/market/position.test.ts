import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyFill, flatPosition } from './position.ts'

test('closing a long at a higher price realises the difference', () => {
  const position = flatPosition()
  expect(applyFill(position, 10, 1_000n)).toBe(0n)
  expect(applyFill(position, -4, -600n)).toBe(200n)
  expect(position).toEqual({ lots: 6, costE8: 600n })
})

test('a fill that turns the position realises only the part that closes', () => {
  const position = flatPosition()
  applyFill(position, 2, 200n)
  expect(applyFill(position, -6, -900n)).toBe(100n)
  expect(position).toEqual({ lots: -4, costE8: -600n })
})

test('realised P&L and open cost together never gain or lose a unit', () => {
  const fill = fc.record({
    lots: fc.integer({ min: -1_000, max: 1_000 }).filter((lots) => lots !== 0),
    price: fc.bigInt({ min: 1n, max: 10n ** 13n }),
  })
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 60 }), (fills) => {
      const position = flatPosition()
      let lots = 0
      let paidE8 = 0n
      let realisedE8 = 0n
      for (const { lots: signed, price } of fills) {
        const notional = price * BigInt(signed)
        realisedE8 += applyFill(position, signed, notional)
        lots += signed
        paidE8 += notional
      }
      expect(position.lots).toBe(lots)
      expect(position.costE8).toBe(paidE8 + realisedE8)
      if (lots === 0) expect(position.costE8).toBe(0n)
    }),
  )
})
