import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSpace, readDimension } from './read-space.ts'
import {
  type Dimension,
  gridSize,
  gridValues,
  type Space,
  unitOf,
  valueAt,
  withGridPoints,
} from './space.ts'

const dimensions: fc.Arbitrary<Dimension> = fc
  .record({
    low: fc.double({ min: 0.001, max: 10, noNaN: true }),
    width: fc.double({ min: 0.001, max: 100, noNaN: true }),
    scale: fc.constantFrom('linear' as const, 'log' as const),
    isInteger: fc.boolean(),
  })
  .map(({ low, width, scale, isInteger }) => ({
    kind: 'range',
    name: 'x',
    low: isInteger ? Math.ceil(low) : low,
    high: isInteger ? Math.ceil(low) + Math.ceil(width) : low + width,
    scale,
    isInteger,
  }))

describe('a dimension', () => {
  test('never leaves its range, and is whole where it must be', () => {
    fc.assert(
      fc.property(dimensions, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (d, unit) => {
        const value = valueAt(d, unit)
        if (d.kind !== 'range') return
        expect(value).toBeGreaterThanOrEqual(d.low)
        expect(value).toBeLessThanOrEqual(d.high)
        if (d.isInteger) expect(Number.isInteger(value)).toBe(true)
      }),
    )
  })

  test('finds the place of a value again', () => {
    fc.assert(
      fc.property(dimensions, fc.double({ min: 0, max: 0.999, noNaN: true }), (d, unit) => {
        const value = valueAt(d, unit)
        const again = valueAt(d, Math.min(unitOf(d, value), 1 - 1e-12))
        expect(Math.abs(again - value)).toBeLessThanOrEqual(1e-6 * Math.abs(value))
      }),
    )
  })

  test('on a log scale gives each factor of ten its share', () => {
    const d = readDimension('gamma=0.01..1:log')
    expect([valueAt(d, 0), valueAt(d, 0.25), valueAt(d, 0.5), valueAt(d, 0.75)]).toEqual([
      0.01, 0.0316227766017, 0.1, 0.316227766017,
    ])
  })
})

describe('a grid', () => {
  test('has the points that were asked for, ends included', () => {
    expect(gridValues(readDimension('a=0.1..0.5:points=5'))).toEqual([0.1, 0.2, 0.3, 0.4, 0.5])
    expect(gridValues(readDimension('a=1..100:log:points=3'))).toEqual([1, 10, 100])
    expect(gridValues(readDimension('n=1..4:int:points=4'))).toEqual([1, 2, 3, 4])
    expect(gridValues(readDimension('n=5,1,3'))).toEqual([5, 1, 3])
  })

  test('shares out the trials among the open parameters', () => {
    const space: Space = [
      readDimension('a=0..1'),
      readDimension('b=0..1'),
      readDimension('side=1,2,3'),
    ]
    expect(gridSize(withGridPoints(space, 100))).toBe(75)
    expect(gridSize(withGridPoints([readDimension('n=1..3:int')], 100))).toBe(3)
  })
})

describe('reading a parameter', () => {
  test.each([
    ['gamma', /write NAME=LOW\.\.HIGH/],
    ['gamma=1..x', /'x' is not a number/],
    ['gamma=2..1', /2 is above 1/],
    ['gamma=0..1:log', /needs ends above 0/],
    ['gamma=0..1:cubic', /':cubic' is not one of/],
    ['n=0.5..3:int', /needs whole ends/],
    ['n=1,2,2', /a value occurs twice/],
    ['n=1,2:log', /a list takes no ':log'/],
    ['n=1..2..3', /write low..high/],
  ])('refuses %s in one line', (text, message) => {
    expect(() => readDimension(text)).toThrow(message)
  })

  test('refuses an empty space and a parameter named twice', () => {
    expect(() => checkSpace([], '--param x=0..1')).toThrow(/nothing to search/)
    expect(() =>
      checkSpace([readDimension('a=0..1'), readDimension('a=1,2')], '--param x=0..1'),
    ).toThrow(/'a' is given twice/)
  })
})
