import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('reads every option', () => {
  const line =
    '--port 9000 --seed 3 --symbols btcusdt,ETHUSDT --tape a --tape b --funding 30 --wallet 50'
  expect(readOptions(line.split(' '))).toEqual({
    port: 9_000,
    host: '127.0.0.1',
    seed: 3,
    symbols: ['BTCUSDT', 'ETHUSDT'],
    tapes: ['a', 'b'],
    fundingSeconds: 30,
    walletQuote: 50,
  })
  expect(readOptions(['--help'])).toBe('help')
})

test.each([
  [['--port', 'x'], "--port must be a whole number from 0 to 65535, not 'x'"],
  [['--port', '70000'], "--port must be a whole number from 0 to 65535, not '70000'"],
  [['--funding', '0'], "--funding must be a whole number from 1 to 86400, not '0'"],
  [['--colour', 'red'], "Unknown option '--colour'; see --help"],
])('says in one line what is wrong with %j', (argv, message) => {
  expect(() => readOptions(argv)).toThrow(message)
})
