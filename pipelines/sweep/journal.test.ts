import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TrialSummary } from '#shared/analytics/result.ts'
import type { SweepHeader } from './header.ts'
import { openJournal, readJournal } from './journal.ts'
import { readDimension } from './read-space.ts'

const header: SweepHeader = {
  kind: 'sweep',
  version: 1,
  space: [readDimension('x=0..1')],
  sampler: 'random',
  seed: 1,
  batch: 1,
  objective: 'sharpe',
  runner: { name: 'analytic', strategy: 'known function', paths: [], options: {} },
  sources: [],
  commit: 'test',
  task: { index: 0, count: 1 },
}

const trialOf = (trial: number, returns = [0.1 / 3, -1e-17, 0]): TrialSummary => ({
  trial,
  parameters: { x: trial / 7 },
  pnlQuote: -1 / 3,
  feesQuote: 0,
  tradedNotionalQuote: 5e-324,
  fills: 3,
  maxDrawdownRatio: 0.2,
  periodSeconds: 60,
  returns,
})

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(folder, 'trials.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

async function write(...trials: TrialSummary[]): Promise<void> {
  const journal = await openJournal(path, header)
  journal.append(trials)
  journal.close()
}

test('gives back every number to the last bit, by trial number', async () => {
  await write(trialOf(2), trialOf(0))
  await write(trialOf(1))
  const content = await readJournal(path)
  expect(content?.header).toEqual(header)
  expect(content?.trials).toEqual([trialOf(0), trialOf(1), trialOf(2)])
})

test('cut off at any byte it resumes with the whole lines and nothing else', async () => {
  await write(trialOf(0), trialOf(1, [0.5]), trialOf(2, []))
  const whole = readFileSync(path)
  const ends = [...whole.keys()].filter((index) => whole[index] === 10).map((index) => index + 1)
  const numbersUpTo = (cut: number) => [0, 1, 2].slice(0, Math.max(0, linesUpTo(cut) - 1))
  const linesUpTo = (cut: number) => ends.filter((end) => end <= cut).length
  for (let cut = 0; cut <= whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut))
    const content = await readJournal(path)
    expect(content?.trials.map(({ trial }) => trial) ?? []).toEqual(numbersUpTo(cut))
  }
  for (const cut of ends.flatMap((end) => [end - 1, end, end + 5])) {
    writeFileSync(path, whole.subarray(0, cut))
    const journal = await openJournal(path, header)
    expect(journal.trials.map(({ trial }) => trial)).toEqual(numbersUpTo(cut))
    journal.append([trialOf(9)])
    journal.close()
    const numbers = (await readJournal(path))?.trials.map(({ trial }) => trial)
    expect(numbers).toEqual([...numbersUpTo(cut), 9])
  }
})

test.each([
  ['seed', { ...header, seed: 2 }, /begun differently: seed is 1 there and 2 now/],
  ['code', { ...header, commit: 'other' }, /commit is "test" there and "other" now/],
  ['space', { ...header, space: [readDimension('x=0..2')] }, /space is/],
  [
    'data',
    { ...header, sources: [{ path: 'a', sha256: 'b' }] },
    /sources is \[\] there and \[\{"path":"a"/,
  ],
])('refuses to continue under another %s', async (_, other, message) => {
  await write(trialOf(0))
  await expect(openJournal(path, other)).rejects.toThrow(message)
})

test('begins anew where only a header stands: no trial is lost', async () => {
  await write()
  const other = { ...header, space: [readDimension('y=0..2')] }
  const journal = await openJournal(path, other)
  journal.append([{ ...trialOf(0), parameters: { y: 1 } }])
  journal.close()
  const content = await readJournal(path)
  expect(content?.header).toEqual(other)
  expect(content?.trials).toHaveLength(1)
})

test('names file and row of a line that is no trial, and of a trial that is there twice', async () => {
  await write(trialOf(0), trialOf(1))
  const [first, second, third] = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, `${first}\n{"trial":0}\n${third}\n`)
  await expect(readJournal(path)).rejects.toThrow(/trials.jsonl, row 2: not a trial \(pnlQuote is/)
  writeFileSync(path, `${first}\n${second}\n${second}\n`)
  await expect(readJournal(path)).rejects.toThrow(/row 3: trial 0 is there twice/)
  writeFileSync(path, '{"a":1}\n')
  await expect(readJournal(path)).rejects.toThrow(/row 1: not the header of a sweep/)
})

test('refuses a number that no file could keep', async () => {
  await expect(write(trialOf(0, [Number.NaN]))).rejects.toThrow(/trial 0 .*: return 0 is NaN/)
})
