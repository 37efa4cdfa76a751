import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sweep-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

type Run = { readonly child: ChildProcess; readonly ended: Promise<Ended> }

/** The command itself in a process of its own: only that can be killed. */
function start(words: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['pipelines/sweep/main.ts', ...words], {
    env: { ...process.env, ASTERAI_COMMIT: 'test', ...environment },
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    text.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    text.err += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...text }))
  })
  return { child, ended }
}

const wordsFor = (sampler: string, folder: string, trials: number): readonly string[] =>
  `--engine analytic --param x=0..1 --param y=0.01..1:log --set perPass=8 --set delayMs=0.5 --sampler ${sampler} --trials ${trials} --batch 40 --workers 2 --json --out ${join(root, folder)}`.split(
    ' ',
  )

const linesOf = (folder: string): readonly string[] => {
  try {
    return readFileSync(join(root, folder, 'trials.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
  } catch {
    return []
  }
}

/** Sends the signal as soon as the journal has that many lines. */
function killAt(run: Run, folder: string, lines: number, signal: NodeJS.Signals): void {
  const watcher = watch(root, { recursive: true }, () => {
    if (linesOf(folder).length < lines) return
    watcher.close()
    run.child.kill(signal)
  })
  run.child.on('close', () => watcher.close())
}

const numbersIn = (folder: string): readonly number[] =>
  linesOf(folder)
    .slice(1)
    .map((line) => JSON.parse(line).trial)

const lastLine = (text: string): unknown => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')

describe.each([['grid'], ['random'], ['tpe']])('a %s sweep', (sampler) => {
  const trials = sampler === 'grid' ? 400 : 360

  test('that is killed and interrupted ends as if nothing had happened', async () => {
    const undisturbed = await start(wordsFor(sampler, `${sampler}-whole`, trials)).ended
    expect([undisturbed.code, undisturbed.signal]).toEqual([0, null])

    const folder = `${sampler}-cut`
    const killed = start(wordsFor(sampler, folder, trials))
    killAt(killed, folder, 60, 'SIGKILL')
    expect((await killed.ended).signal).toBe('SIGKILL')
    const afterKill = numbersIn(folder)
    expect(afterKill.length).toBeGreaterThanOrEqual(59)
    expect(afterKill.length).toBeLessThan(trials)

    const interrupted = start(wordsFor(sampler, folder, trials))
    killAt(interrupted, folder, afterKill.length + 100, 'SIGINT')
    const stopped = await interrupted.ended
    expect([stopped.code, stopped.signal]).toEqual([0, null])
    expect(stopped.err).toContain(`resuming: ${afterKill.length} of ${trials} trials are done`)
    expect(stopped.err).toContain('go on with: npm run sweep -- ')
    const afterInterrupt = numbersIn(folder)
    expect(afterInterrupt.slice(0, afterKill.length)).toEqual(afterKill)
    expect(afterInterrupt.length).toBeLessThan(trials)

    const resumed = await start(wordsFor(sampler, folder, trials)).ended
    expect(resumed.code).toBe(0)
    const numbers = numbersIn(folder)
    expect(numbers.slice(0, afterInterrupt.length)).toEqual(afterInterrupt)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.length).toBe(trials)
    expect(lastLine(resumed.out)).toEqual(lastLine(undisturbed.out))
    const sorted = (name: string) => linesOf(name).slice(1).toSorted()
    expect(sorted(folder)).toEqual(sorted(`${sampler}-whole`))
  })
})

describe('tasks', () => {
  test('of one sweep together give what one machine gives', async () => {
    const tasks = await Promise.all(
      ['0', '1', '2'].map(
        (index) =>
          start(wordsFor('random', 'shards', 90), {
            CLOUD_RUN_TASK_INDEX: index,
            CLOUD_RUN_TASK_COUNT: '3',
          }).ended,
      ),
    )
    expect(tasks.map(({ code }) => code)).toEqual([0, 0, 0])
    const whole = await start(wordsFor('random', 'one', 90)).ended
    const merged = await start(['merge', join(root, 'shards'), '--json']).ended
    expect(merged.code).toBe(0)
    expect(lastLine(merged.out)).toEqual({ ...(lastLine(whole.out) as object), missing: [] })
  })
})

test('a sweep in which nothing could be measured ends with 1', async () => {
  const words = wordsFor('random', 'nothing', 4)
  const { code, out } = await start([...words, '--set', 'periods=1']).ended
  expect([code, lastLine(out)]).toMatchObject([
    1,
    { isComplete: true, honesty: { scoredCount: 0 } },
  ])
})

describe('refusals take one line and exit 2', () => {
  const base = () => wordsFor('random', 'refused', 4).filter((word) => word !== '--json')
  beforeAll(() => start(base()).ended)

  test.each([
    [
      ['--sampler', 'gird'],
      /--sampler 'gird' is not one of grid, random, tpe; did you mean grid\?/,
    ],
    [['--trails', '5'], /unknown option --trails; did you mean --trials\?/],
    [['--seed', '2'], /was begun differently: seed is 1 there and 2 now/],
    [['--param', 'x=0..2'], /parameter 'x' is given twice/],
    [['--engine', 'replay'], /no market: add --tape/],
    [['--task-index', '3', '--task-count', '3'], /task 3 of 3/],
  ])('%j', async (words, message) => {
    const { code, err } = await start([...base(), ...words]).ended
    expect([code, err.trimEnd().split('\n').length]).toEqual([2, 1])
    expect(err).toMatch(message)
  })
})
