import fc from 'fast-check'
import { expect, test } from 'vitest'
import { slipsBetween, suggest } from './suggest.ts'

test.each([
  ['symbls', 'symbols'],
  ['SYMBOLS', 'symbols'],
  ['rset', 'rest'],
  ['--ot', '--out'],
  ['str', 'stream'],
])('%s means %s', (word, meant) => {
  expect(suggest(word, ['symbols', 'rest', 'stream', '--out'])).toBe(meant)
})

test('a word unlike all of them gets no suggestion', () => {
  expect(suggest('zzzzzz', ['symbols', 'rest'])).toBeUndefined()
  expect(suggest('a', [])).toBeUndefined()
})

test('the closest of several wins, the first when equally close', () => {
  expect(suggest('book', ['look', 'books', 'book1'])).toBe('look')
  expect(suggest('books', ['book', 'books'])).toBe('books')
})

test.each([
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
  ['grid', 'gird', 1],
  ['ca', 'abc', 3],
])('from %j to %j it is %i slips', (from, to, slips) => {
  expect([slipsBetween(from, to), slipsBetween(to, from)]).toEqual([slips, slips])
})

test('no slips exactly between equal words, never more than the longer has letters', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(word, word, (from, to) => {
      const slips = slipsBetween(from, to)
      expect(slips === 0).toBe(from === to)
      expect(slips).toBeLessThanOrEqual(Math.max(from.length, to.length))
      expect(slips).toBeGreaterThanOrEqual(Math.abs(from.length - to.length))
    }),
  )
})
