import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { calledFunctions, exitCodeOf, type SmokeResult, smokeExits } from './smoke-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-smoke-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Nothing listens there, and no gcloud is on the path: whatever has to be asked stays unknown. */
const nowhere = 'http://127.0.0.1:9'
const outputs = {
  release: 'new',
  project: 'desk',
  region: 'asia-northeast1',
  dataset: 'asterai',
  consoleUrl: nowhere,
  functionUrls: Object.fromEntries(calledFunctions.map((name) => [name, nowhere])),
}

function smoke(given: unknown) {
  const file = join(folder, 'outputs.json')
  writeFileSync(file, JSON.stringify(given))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['infra/release/smoke.ts', '--outputs', file],
    { encoding: 'utf8', env: { PATH: folder } },
  )
  return { status, words: [...new Set(stdout.match(/^\w+/gm))].toSorted(), stderr }
}

test('the program ends with a code of its own when something does not work', () => {
  const { status, words } = smoke({ ...outputs, functionUrls: {} })
  expect(words).toEqual(['FAIL', 'unknown'])
  expect(status).toBe(smokeExits.fails)
})

test('the program ends with another one when it could not ask', () => {
  const { status, words } = smoke(outputs)
  expect(words).toEqual(['unknown'])
  expect(status).toBe(smokeExits.unknown)
})

test('outputs that are none are told apart from both', () => {
  const { status, stderr } = smoke({ ...outputs, release: '' })
  expect(stderr).toMatch(/holds no outputs of a stack/)
  expect(status).toBe(2)
})

const result = (verdict: SmokeResult['verdict']): SmokeResult => ({
  name: verdict,
  verdict,
  why: '',
})

test.each<[SmokeResult['verdict'][], number]>([
  [['works', 'works'], 0],
  [['works', 'fails', 'works'], smokeExits.fails],
  [['unknown', 'fails'], smokeExits.fails],
  [['works', 'unknown'], smokeExits.unknown],
  [[], smokeExits.unknown],
])('%j ends with %d', (verdicts, code) => {
  expect(exitCodeOf(verdicts.map(result))).toBe(code)
})

test('neither Node, a shell nor a fault of the program ends with the code that undoes a release', () => {
  expect(smokeExits.fails).toBeGreaterThan(14)
  expect(smokeExits.fails).toBeLessThan(126)
})
