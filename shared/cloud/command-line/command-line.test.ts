import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Command, readCommandLine } from './command.ts'
import { helpText } from './help.ts'
import { gridOf, steps, symbols } from './market-option.ts'
import {
  address,
  choice,
  choices,
  date,
  duration,
  flag,
  json,
  list,
  needed,
  number,
  repeated,
  seed,
  text,
  whole,
} from './option.ts'
import { carryOut } from './run.ts'

const show = {
  call: 'npm run try -- show',
  what: 'Shows.',
  options: {},
  examples: ['npm run try -- show'],
} satisfies Command

const command = {
  call: 'npm run try',
  what: 'Tries every kind of option.',
  words: { value: 'FILE...', what: 'what to read', least: 0, most: 2 },
  options: {
    name: text({ what: 'a name', default: 'run' }),
    count: whole({ what: 'how many', range: [1, 99] }),
    seed: seed({ what: 'where it begins', default: '7' }),
    ratio: number({ what: 'a share', range: [-1, 1] }),
    for: duration({ what: 'how long' }),
    from: date({ what: 'since when' }),
    venue: choice({ choices: ['twin', 'aster'], what: 'where', default: 'twin' }),
    parts: choices({ choices: ['a', 'b', 'c'], what: 'which', default: 'a,c' }),
    symbols: symbols({ what: 'markets' }),
    tape: list({ what: 'tapes' }),
    param: repeated({ value: 'NAME=VALUE', what: 'settings' }),
    rest: address({ what: 'a host' }),
    real: flag('only what is real'),
    ...steps,
    json,
  },
  examples: ['npm run try -- a.gz --seed 3', ['npm run try', 'with a word on it']],
} satisfies Command

function read(...argv: string[]) {
  const given = readCommandLine(command, argv)
  if (given === 'help') throw new Error('nobody asked for help')
  return given
}

test('what is not given has its default, or is undefined, false or empty', () => {
  const { names, options, words } = read()
  expect([words, names.size]).toEqual([[], 0])
  expect(options).toMatchObject({
    name: 'run',
    count: undefined,
    seed: 7,
    for: undefined,
    venue: 'twin',
    parts: ['a', 'c'],
    symbols: undefined,
    tape: undefined,
    param: [],
    real: false,
    json: false,
  })
})

test('options and words are told apart in any order, and the last of two counts', () => {
  const given = read('a.gz', '--name', 't', '--name=u', 'b.gz', '--real')
  expect(given.words).toEqual(['a.gz', 'b.gz'])
  expect(given.options).toMatchObject({ name: 'u', real: true })
  expect([...given.names]).toEqual(['name', 'real'])
  expect(readCommandLine(command, ['--name', 't', '-h'])).toBe('help')
})

test('values come out in their units', () => {
  const line = '--for 1.5h --from 2025-01-31T12:00 --ratio -.5 --rest http://h:1/ --param a=1'
  expect(read(...line.split(' '), '--param', 'b=x,y').options).toMatchObject({
    for: 5_400_000_000,
    from: Date.UTC(2025, 0, 31, 12),
    ratio: -0.5,
    rest: 'http://h:1',
    param: ['a=1', 'b=x,y'],
  })
  expect(read('--from', '2025-01-31').options.from).toBe(Date.UTC(2025, 0, 31))
  expect(read('--from', '2025-01-31T12:00:30Z').options.from).toBe(Date.UTC(2025, 0, 31, 12, 0, 30))
})

test('lists may be repeated or joined', () => {
  expect(read('--tape', 'a, b', '--tape', 'c').options.tape).toEqual(['a', 'b', 'c'])
  expect(read('--symbols', 'btcusdt,1000PEPE_1,币安人生USDT').options.symbols).toEqual([
    'BTCUSDT',
    '1000PEPE_1',
    '币安人生USDT',
  ])
})

test.each([
  [['--nmae', 'x'], 'unknown option --nmae; did you mean --name?'],
  [['--hlep'], 'unknown option --hlep; did you mean --help?'],
  [['--zzzzzzzz'], 'unknown option --zzzzzzzz; see --help'],
  [['--toString', 'x'], 'unknown option --toString; see --help'],
  [['-x'], 'unknown option -x; see --help'],
  [['--name'], '--name needs a value; see --help'],
  [['--name', '--help'], '--name needs a value; see --help'],
  [['--real=yes'], '--real takes no value'],
  [['--count', '0'], "--count '0' is not a whole number from 1 to 99"],
  [['--count', '1.5'], "--count '1.5' is not a whole number from 1 to 99"],
  [['--count', '-1'], "--count '-1' is not a whole number from 1 to 99"],
  [['--count='], "--count '' is not a whole number from 1 to 99"],
  [['--ratio', '2'], "--ratio '2' is not a number from -1 to 1"],
  [['--ratio', 'NaN'], "--ratio 'NaN' is not a number from -1 to 1"],
  [['--for', '60'], "--for '60' is not a duration of at least 1s; write 90s, 10m or 2h"],
  [['--for', '0s'], "--for '0s' is not a duration of at least 1s; write 90s, 10m or 2h"],
  [['--from', '2025-02-30'], /^--from '2025-02-30' is not a date; write 2025-01-31 or/],
  [['--from', '2025-1-1'], /is not a date/],
  [['--from', 'yesterday'], /is not a date/],
  [['--venue', 'astre'], "--venue 'astre' is not one of twin, aster; did you mean aster?"],
  [['--tape', 'a, b', '--tape', 'c,a'], '--tape names a twice'],
  [['--parts', 'a,a'], '--parts names a twice'],
  [['--symbols', 'btcusdt,BTCUSDT'], '--symbols names BTCUSDT twice'],
  [['--parts', 'a,z'], "--parts 'z' is not one of a, b, c; did you mean a?"],
  [['--parts', ','], '--parts is empty'],
  [['--symbols', 'BTC/USDT'], "--symbols: 'BTC/USDT' is not a symbol; write e.g. BTCUSDT,ETHUSDT"],
  [['--rest', 'localhost'], "--rest 'localhost' is not an address such as https://host"],
  [['a', 'b', 'c'], "'c' is one word too many; see --help"],
])('%j is refused in one line', (argv, why) => {
  expect(() => read(...argv)).toThrow(why)
})

test('words are counted, and a command without any says so', () => {
  const one = { ...command, words: { value: 'RUN...', what: 'a run', least: 1 } }
  expect(() => readCommandLine(one, [])).toThrow(
    'RUN is missing, e.g. npm run try -- a.gz --seed 3',
  )
  expect(() => readCommandLine(show, ['x'])).toThrow("'x' belongs to no option; see --help")
  const group = { ...show, verbs: { show } }
  expect(() => readCommandLine(group, ['shwo'])).toThrow(
    "'shwo' is not one of the commands show; did you mean show?",
  )
})

test('what is needed is missed with an example, but help comes first', () => {
  const strict = { ...show, options: { out: needed(text({ what: 'a file' }), 'x.txt') } }
  expect(() => readCommandLine(strict, [])).toThrow('--out is missing, e.g. --out x.txt')
  expect(readCommandLine(strict, ['--help'])).toBe('help')
})

test('one step without the other is refused', () => {
  expect(gridOf(read('--tick', '0.1', '--lot', '1').options)).toEqual({ tick: '0.1', lot: '1' })
  expect(gridOf(read().options)).toBeUndefined()
  expect(() => gridOf(read('--lot', '1').options)).toThrow('--tick and --lot go together')
})

test('the help text is made from the table', () => {
  expect(helpText({ ...command, options: { seed: command.options.seed, json } })).toBe(
    `Tries every kind of option.

Usage: npm run try -- [FILE...] [options]

  FILE...  what to read

Options:
  --seed N  where it begins (default 7)
  --json    last line of standard output is one JSON object; all else goes to stderr
  --help    this text

Examples:
  npm run try -- a.gz --seed 3
  npm run try  with a word on it

Exit codes: 0 done, 1 a fault while running, 2 input that cannot be used.`,
  )
})

test('help keeps its width and loses no word, whatever is declared', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), (meanings) => {
      const options = Object.fromEntries(
        meanings.map((meaning, index) => [
          `option-${'x'.repeat(4 * index)}`,
          flag(meaning.join(' ')),
        ]),
      )
      const help = helpText({ ...show, options })
      expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
      const flat = help.replace(/\s+/g, ' ')
      for (const meaning of meanings) expect(flat).toContain(meaning.join(' '))
    }),
  )
})

test('the first word chooses a verb, and the rest of the line is its own', async () => {
  const heard: string[] = []
  const line = carryOut(
    { ...command, verbs: { show } },
    ({ words }) => {
      heard.push(`own ${words}`)
      return 0
    },
    { show: async (argv) => heard.push(`show ${argv}`) },
  )
  expect([await line(['a', 'show']), await line(['show', '--x'])]).toEqual([0, 2])
  expect(heard).toEqual(['own a,show', 'show --x'])
})
