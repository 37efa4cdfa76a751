import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, test } from 'vitest'
import { checkLookAhead } from '#pipelines/backtest/look-ahead-check.ts'
import { backtestCommand, requestOf } from '#pipelines/backtest/options.ts'
import { roundTripsOf } from '#pipelines/backtest/round-trip.ts'
import { prepareTickBacktest, runTickBacktest } from '#pipelines/backtest/tick.ts'
import { accountingProblems } from '#shared/analytics/accounting.ts'
import { readCommandLine } from '#shared/cloud/command-line/command.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createTapeMaker } from '#shared/simulation/backtest/world.fixture.ts'
import type { Execution } from '#shared/simulation/order.ts'
import { clientOrderId } from '#shared/trading/order/client-order-id.ts'
import { testInstrument } from '#shared/trading/testing/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-backtest-'))
afterAll(() => rmSync(folder, { recursive: true }))

const captures = '../shared/data/orderbook/binance_raw'
const capture = (name: string) => `${captures}/usdm_${name}.gz`
const hasCaptures = existsSync(captures)
if (!hasCaptures) console.warn(`no captures in ${captures}: backtests of real tapes are skipped`)

/** 2026-11-21: later than every tape here. */
const nowUs = 1_795_219_200_000_000
const run = async (words: string) => {
  const given = readCommandLine(backtestCommand, words.split(' '))
  if (given === 'help') throw new Error('nobody asked for help')
  const request = requestOf(given, { nowUs, command: words, commit: 'test' })
  if (request.kind !== 'tape') throw new Error('a tape was meant')
  const prepared = await prepareTickBacktest(request.options)
  return { prepared, ...(await runTickBacktest(prepared)) }
}

async function writeTape(
  name: string,
  events: readonly DomainEvent[],
  instruments: readonly Instrument[] = [testInstrument()],
  source = 'recorded from a test',
): Promise<string> {
  const path = join(folder, `${name}.arrow`)
  const writer = openTapeWriter(path, { version: 1, source, instruments, attributes: {} })
  for (const event of events) writer.append(event)
  await writer.close()
  return path
}

const make = createTapeMaker()
const smallTape = [
  make.snapshot(0, [[640_000, 10]], [[640_010, 10]]),
  make.trade(0.5, 'sell', 640_000, 1),
  make.delta(1, [[639_990, 4]], []),
  make.delta(2, [[639_980, 4]], []),
]

it.skipIf(!hasCaptures)(
  'a capture ends with a result whose figures agree, twice the same',
  async () => {
    const words = `--strategy glft --tape ${capture('btcusdt_20240718')} --real`
    const first = await run(words)
    const { accountCheck, intents, intentsHash } = first.outcome
    expect(intents).toBeGreaterThan(10)
    expect(accountCheck).toEqual({ exact: true, differences: [] })
    expect(accountingProblems(first.result)).toEqual([])
    expect(first.result.sources).toMatchObject([
      { isSynthetic: false, sha256: expect.stringMatching(/^e4163718b819a93b/) },
    ])
    // The capture ends 0.456 s past midnight by the venue's clock, and has no funding rate.
    expect(first.outcome.cutAt?.timeUs).toBe(Date.parse('2024-07-19T00:00:00Z') * 1_000)
    expect(first.result.assumptions.join('\n')).toContain('stops there and leaves out the last')
    const again = await run(words)
    expect(again.outcome.intentsHash).toBe(intentsHash)
    expect(again.result).toEqual(first.result)
    const slower = await run(`${words} --latency-ms 50,50,50`)
    expect(slower.outcome.intentsHash).not.toBe(intentsHash)
  },
)

it.skipIf(!hasCaptures)(
  'cutting off the future of a capture changes nothing before the cut',
  async () => {
    const words = `--strategy glft --tape ${capture('btcusdt_20240718')}`
    const { outcome, prepared } = await run(words)
    expect(await checkLookAhead(prepared, outcome.events)).toMatchObject({ verdict: 'clean' })
  },
)

it.skipIf(!hasCaptures)('marks and funding rates of a capture are used', async () => {
  const { outcome, result } = await run(
    `--strategy glft --latency-model recorded --tape ${capture('btcusdt_20230404.dat')},${capture('btcusdt_20230405.dat')}`,
  )
  expect(outcome.waivedSettlements).toBe(0)
  expect(outcome.cutAt).toBeUndefined()
  expect(accountingProblems(result)).toEqual([])
})

it.skipIf(!hasCaptures)('two captures of different markets run on one clock', async () => {
  const tapes = `${capture('btcusdt_20240718')},${capture('ethusdt_20240718')}`
  const { outcome, result } = await run(
    `--strategy glft --symbols all --tape ${tapes} --waive-funding`,
  )
  expect(result.symbols).toEqual(['BTCUSDT', 'ETHUSDT'])
  expect(outcome.accountCheck.exact).toBe(true)
  await expect(run(`--strategy glft --tape ${tapes}`)).rejects.toThrow(
    'the tapes hold BTCUSDT, ETHUSDT; choose with --symbols',
  )
})

it.skipIf(!hasCaptures)('a settlement without a rate names file and event', async () => {
  const tapes = `${capture('btcusdt_20240718')},${capture('btcusdt_20240719')}`
  await expect(run(`--strategy glft --tape ${tapes}`)).rejects.toThrow(
    /btcusdt_20240719\.gz, event \d+: BTCUSDT settles funding at 2024-07-19T00:00:00\.000Z/,
  )
  const { outcome, result } = await run(`--strategy glft --tape ${tapes} --waive-funding`)
  expect(outcome.waivedSettlements).toBe(1)
  expect(result.assumptions.join('\n')).toContain('1 settlements fall into the tape without a rate')
})

test('input that cannot be used is refused in one line', async () => {
  const tape = await writeTape('small', smallTape)
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'not a tape\n')
  const cases: readonly [words: string, message: string][] = [
    [`--strategy glft --tape ${folder}/none.gz`, 'there is no such file'],
    [`--strategy glft --tape ${text}`, 'neither a tape'],
    [`--strategy gltf --tape ${tape}`, 'did you mean glft?'],
    [`--strategie glft --tape ${tape}`, 'did you mean --strategy?'],
    [`--strategy glft --tape ${tape} --symbols BTCUSD`, 'did you mean BTCUSDT?'],
    [`--strategy glft --tape ${tape} --param gamma=1`, "unknown setting 'gamma'"],
    [`--strategy glft --tape ${tape} --param riskAversion=x`, "'x' is not a number"],
    [`--strategy glft --tape ${tape} --latency-ms 5,5`, 'not feed,entry,response'],
    [`--strategy glft --tape ${tape} --latency-model quick`, "'quick' is not one of"],
    [`--strategy glft --tape ${tape} --interval 1h`, '--interval belongs to --candles'],
    [`--strategy glft --tape ${tape} --equity 0`, "--equity '0' is not"],
    [`--strategy glft --tape ${tape} --equity 20`, 'too little'],
    [`--strategy funding-carry --tape ${tape}`, 'needs a spot market of BTC'],
    ['--strategy glft', 'nothing to replay'],
  ]
  for (const [words, message] of cases) {
    const refusal = await run(words).catch((error: Error) => error.message)
    expect(refusal, words).toContain(message)
    expect(refusal, words).not.toContain('\n')
  }
})

test('an event that is still to come is refused by file and number', async () => {
  const tape = await writeTape('future', [
    ...smallTape,
    createTapeMaker().mark((nowUs - 1_767_225_600_000_000) / 1e6 + 1, 64_000),
  ])
  await expect(run(`--strategy glft --tape ${tape}`)).rejects.toThrow(
    /future\.arrow, event 5: stamped 2026-11-21T00:00:01\.000Z, which is still to come/,
  )
})

test('unsorted events are refused by file and number', async () => {
  const [first, second, ...rest] = smallTape
  const late = { ...second, receiveTimeUs: first!.receiveTimeUs - 1 } as DomainEvent
  const tape = await writeTape('unsorted', [first!, late, ...rest])
  await expect(run(`--strategy glft --tape ${tape}`)).rejects.toThrow(
    /unsorted\.arrow, event 2: received 1 µs before/,
  )
})

test('a synthetic market is marked, and refused where a real one is claimed', async () => {
  const tape = await writeTape('invented', smallTape, [testInstrument()], 'synthetic: seed 7')
  const { result } = await run(`--strategy glft --tape ${tape}`)
  expect(result.sources[0]?.isSynthetic).toBe(true)
  expect(result.warnings.join()).toContain('invented')
  await expect(run(`--strategy glft --tape ${tape} --real`)).rejects.toThrow('leave out --real')
})

const fillOf =
  (strategy: string) =>
  (seconds: number, side: 'buy' | 'sell', priceTicks: number, sizeLots: number): Execution =>
    ({
      ...{ instrumentId: 0, timeUs: seconds, side, priceTicks, sizeLots, feeE8: 100_000n },
      clientOrderId: clientOrderId(strategy, 3, seconds),
    }) as Execution

test('a strategy that holds for long does not hide the trips of another', () => {
  const [carry, glft] = [fillOf('funding-carry:BTCUSDT'), fillOf('glft:BTCUSDT')]
  const held = carry(0, 'sell', 640_000, 100)
  const quoted = [
    glft(1, 'buy', 640_000, 2),
    glft(2, 'sell', 640_010, 2),
    glft(3, 'sell', 640_010, 1),
  ]
  const trips = roundTripsOf([held, ...quoted, glft(4, 'buy', 640_000, 1)], [testInstrument()])
  expect(trips).toMatchObject({ side: ['long', 'short'], openUs: [1, 3], closeUs: [2, 4] })
  expect(trips).toEqual(roundTripsOf([...quoted, glft(4, 'buy', 640_000, 1)], [testInstrument()]))
})

test('a liquidation closes what is open, whoever opened it', () => {
  const [carry, glft] = [fillOf('funding-carry:BTCUSDT'), fillOf('glft:BTCUSDT')]
  const forced = { ...glft(3, 'sell', 630_000, 5), clientOrderId: 'autoclose-1' } as Execution
  const fills = [carry(1, 'buy', 640_000, 3), glft(2, 'buy', 640_000, 2), forced]
  const trips = roundTripsOf(fills, [testInstrument()], [false, false, true])
  expect(trips).toMatchObject({ openUs: [1, 2], closeUs: [3, 3], side: ['long', 'long'] })
})

test('fills are cut into trips from flat to flat; a fill that turns ends one and opens the next', () => {
  const fill = fillOf('glft')
  const trips = roundTripsOf(
    [
      fill(1, 'buy', 640_000, 2),
      fill(2, 'buy', 640_300, 1),
      fill(3, 'sell', 640_200, 4),
      fill(4, 'buy', 640_000, 1),
      fill(5, 'buy', 640_000, 1),
    ],
    [testInstrument()],
  )
  expect(trips).toMatchObject({ side: ['long', 'short'], openUs: [1, 3], closeUs: [3, 4] })
  expect(trips.sizeBase).toEqual([0.003, 0.001])
  expect(trips.openPriceQuote[0]).toBeCloseTo(64_010, 9)
  // Long: 3 × 0.001 × 10 − two fees and three quarters of one; short: 0.001 × 20 less a quarter and one.
  expect(trips.pnlQuote[0]).toBeCloseTo(0.03 - 0.00275, 12)
  expect(trips.pnlQuote[1]).toBeCloseTo(0.02 - 0.00125, 12)
})

test('the command writes a report and ends with 2 on input it cannot use', async () => {
  const tape = await writeTape('command', smallTape)
  const out = join(folder, 'out')
  const call = (...words: string[]) =>
    spawnSync(process.execPath, ['pipelines/backtest/main.ts', ...words], { encoding: 'utf8' })
  const done = call('--strategy', 'grid', '--tape', tape, '--out', out, '--json')
  expect(done.stderr).toContain('report.html')
  expect(done.status).toBe(0)
  expect(done.stdout.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(done.stdout)).toMatchObject({ folder: out, summary: { strategy: 'grid' } })
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<html')
  expect(readFileSync(join(out, 'fills.csv'), 'utf8')).toMatch(/^time,symbol,side,/)
  const refused = call('--strategy', 'grid', '--tape', `${folder}/none.gz`)
  expect(refused.status).toBe(2)
  expect(refused.stderr.trim().split('\n')).toHaveLength(1)
})
