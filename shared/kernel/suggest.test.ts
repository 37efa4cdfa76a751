import { expect, test } from 'vitest'
import { suggest } from './suggest.ts'

test.each([
  ['symbls', 'symbols'],
  ['SYMBOLS', 'symbols'],
  ['rset', 'rest'],
  ['--ot', '--out'],
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
