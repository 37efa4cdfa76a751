import { expect, test } from 'vitest'
import { readArguments } from './arguments.ts'

const options = { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

test('options and files are told apart, in any order', () => {
  const given = readArguments(['import', 'a.gz', '--out', 't.arrow', 'b.gz', '-h'], options)
  expect(given.positionals).toEqual(['import', 'a.gz', 'b.gz'])
  expect(given.text('out')).toBe('t.arrow')
  expect(given.has('help')).toBe(true)
  expect(readArguments(['--out=x'], options).text('out')).toBe('x')
})

test.each([
  [['--ot', 'x'], 'unknown option --ot; did you mean --out?'],
  [['--zzzzzz'], 'unknown option --zzzzzz; see --help'],
  [['--out'], '--out needs a value'],
  [['--out', '--help'], '--out needs a value'],
  [['--help=yes'], '--help takes no value'],
])('%j is refused', (argv, why) => {
  expect(() => readArguments(argv, options)).toThrow(why)
})
