import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimedBeside, tapeOfRun } from './run-folder.ts'

const freshFolder = () => mkdtempSync(join(tmpdir(), 'asterai-run-'))

test('a run is found by its folder and by its tape', () => {
  const folder = freshFolder()
  expect(() => tapeOfRun(folder)).toThrow("no run '")
  const tape = join(folder, 'tape.arrow')
  writeFileSync(tape, '')
  expect([tapeOfRun(folder), tapeOfRun(tape)]).toEqual([tape, tape])
  expect(() => tapeOfRun('20991231T000000-1')).toThrow(
    "no run '20991231T000000-1': there is no 20991231T000000-1 and no run/20991231T000000-1 with a tape.arrow",
  )
})

test('what a run claims is read beside its tape', () => {
  const folder = freshFolder()
  const tape = join(folder, 'tape.arrow')
  const summary = join(folder, 'summary.json')
  expect(claimedBeside(tape)).toBeUndefined()
  writeFileSync(summary, '{"intents":3,"intentsHash":"ab","fills":1}')
  expect(claimedBeside(tape)).toEqual({ intents: 3, intentsHash: 'ab' })
  for (const text of ['{"intents":3}', 'null']) {
    writeFileSync(summary, text)
    expect(() => claimedBeside(tape)).toThrow(/names no intents and no intentsHash/)
  }
  writeFileSync(summary, '{"intents":3')
  expect(() => claimedBeside(tape)).toThrow(/summary\.json is not JSON/)
})
