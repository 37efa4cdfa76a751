import { expect, test } from 'vitest'
import { readCommandLine } from '#shared/cloud/command-line/command.ts'
import { type RunOptions, runOptionsOf, startCommand } from './options.ts'

function readRunOptions(argv: readonly string[]): RunOptions {
  const given = readCommandLine(startCommand, argv)
  if (given === 'help') throw new Error('nobody asked for help')
  return runOptionsOf(given.options)
}

const messageOf = (...argv: string[]): string => {
  try {
    readRunOptions(argv)
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

test('nothing given means paper on the twin with every strategy', () => {
  expect(readRunOptions([])).toMatchObject({
    venue: 'twin',
    mode: 'paper',
    durationUs: undefined,
    strategies: ['glft', 'grid', 'funding-carry'],
    port: 8787,
  })
})

test('times carry their unit', () => {
  expect(readRunOptions(['--for', '90s'])).toMatchObject({ durationUs: 90_000_000 })
  expect(readRunOptions(['--for', '1.5h'])).toMatchObject({ durationUs: 5_400_000_000 })
})

test('tapes may be repeated or listed', () => {
  expect(readRunOptions(['--tape', 'a.gz,b.gz', '--tape', 'c.gz'])).toMatchObject({
    tapes: ['a.gz', 'b.gz', 'c.gz'],
  })
})

test.each([
  [['--sed', '7'], /unknown option --sed; did you mean --seed\?/],
  [['--for', '60'], /--for '60' is not a duration.*90s, 10m or 2h/],
  [['--for', '0s'], /not a duration/],
  [['--for'], /see --help/],
  [['--seed', '-1'], /see --help|--seed/],
  [['--seed', '1.5'], /--seed '1.5' is not a whole number/],
  [['--strategies', 'gltf'], /--strategies 'gltf' is not one of .*; did you mean glft\?/],
  [['--strategies', ','], /--strategies is empty/],
  [['--strategies', 'glft,glft'], /--strategies names glft twice/],
  [['--symbols', 'BTCUSDT,btcusdt'], /--symbols names BTCUSDT twice/],
  [['--symbols', 'ETHUSDT', '--symbols', 'ETHUSDT'], /--symbols names ETHUSDT twice/],
  [['--tape', 'a.gz,b.gz,a.gz'], /--tape names a.gz twice/],
  [['--venue', 'binance'], /--venue 'binance' is not one of twin, aster/],
  [['--mode', 'live'], /add --venue aster/],
  [['--tape', 'x.gz', '--venue', 'aster'], /leave out --venue aster/],
  [['--symbols', 'BTC/USDT'], /'BTC\/USDT' is not a symbol/],
  [['--equity', '0'], /--equity '0' is not a whole number from 1/],
  [['--port', '70000'], /--port '70000'/],
  [['run'], /see --help/],
])('refuses %j with one line', (argv, line) => {
  const message = messageOf(...argv)
  expect(message).toMatch(line)
  expect(message).not.toContain('\n')
})
