import { existsSync } from 'node:fs'
import { TradingError } from '#shared/kernel/error.ts'
import { readCommandLine, runCommand } from '../data/command-line.ts'
import { lockFolder } from '../data/lock.ts'
import { createProgress } from '../data/progress.ts'
import { concludeSweep } from './conclude.ts'
import type { SweepHeader } from './header.ts'
import { sweepHelp } from './help.ts'
import { codeCommit, hashSources } from './identity.ts'
import { journalPath, openJournal } from './journal.ts'
import { mergeJournals } from './merge.ts'
import { readSweepOptions, type SweepOptions } from './options.ts'
import { openPool } from './pool.ts'
import { candleSidePaths } from './runner/side-paths.ts'
import { scoreOf } from './score.ts'
import { runSweep, taskTrials } from './sweep.ts'
import { readWalkForwardOptions, walkForward } from './walk-forward.ts'

/** @returns exit code */
async function main(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === 'merge') return await merge(rest)
  if (verb === 'walk-forward') return await forward(rest)
  const options = await readSweepOptions(argv, process.env)
  if (options === 'help') {
    console.log(sweepHelp)
    return 0
  }
  return await sweep(options, argv)
}

/** With `--json` the last line of stdout is the result, and everything for people is on stderr. */
function print(json: boolean, text: readonly string[], result: unknown): void {
  if (json) {
    console.error(text.join('\n'))
    console.log(JSON.stringify(result))
  } else console.log(text.join('\n'))
}

async function headerOf(options: SweepOptions): Promise<SweepHeader> {
  const { space, sampler, seed, batch, objective, runner, task } = options
  return {
    kind: 'sweep',
    version: 1,
    space,
    sampler,
    seed,
    batch,
    objective,
    runner,
    sources: await hashSources([...runner.paths, ...candleSidePaths(runner)]),
    commit: codeCommit(process.env),
    task,
  }
}

async function sweep(options: SweepOptions, argv: readonly string[]): Promise<number> {
  const { folder, trialCount, task } = options
  const header = await headerOf(options)
  const unlock = lockFolder(folder, 'sweep.lock')
  const stop = stopOnSignal()
  try {
    const journal = await openJournal(journalPath(folder), header)
    const ownCount = taskTrials(task, trialCount).length
    const before = journal.trials.filter(({ trial }) => trial < trialCount).length
    if (before > 0 || journal.tornBytes > 0)
      console.error(
        `resuming: ${before} of ${ownCount} trials are done${journal.tornBytes > 0 ? ', an unfinished last line is ignored' : ''}`,
      )
    const pool = await openPool(options.runner, Math.min(options.workers, Math.max(1, ownCount)))
    stop.onStop(pool.stop)
    const progress = createProgress({ total: ownCount, doneBefore: before, unit: 'trials' })
    try {
      progress.show(before)
      const trials = await runSweep({
        header,
        trialCount,
        journal,
        pool,
        isStopped: stop.isStopped,
        onProgress: (done, best) => {
          const score = best && scoreOf(best, options.objective)
          progress.show(done, score === undefined ? '' : `· best ${score.toFixed(4)}`)
        },
      })
      progress.end()
      const done = trials.filter(({ trial }) => trial < trialCount)
      if (done.length < ownCount) {
        console.error(
          `stopped: ${done.length} of ${ownCount} trials are in ${journalPath(folder)}; go on with: npm run sweep -- ${argv.map(quoted).join(' ')}`,
        )
        if (options.json)
          console.log(
            JSON.stringify({ isComplete: false, trials: done.length, trialCount: ownCount }),
          )
        return 0
      }
      const { text, json } = concludeSweep(header, trials, Math.max(ownCount, trials.length))
      print(options.json, [...text, `trials: ${journalPath(folder)}`], json)
      return 0
    } finally {
      progress.end()
      journal.close()
      await pool.close()
    }
  } finally {
    stop.forget()
    unlock()
  }
}

/** First Ctrl-C: what runs is finished and kept. Second: it is dropped, which loses nothing that is in the file. */
function stopOnSignal() {
  let isStopped = false
  let stop = (): void => undefined
  const onSignal = (): void => {
    if (isStopped) process.exit(0)
    isStopped = true
    stop()
    console.error('\nfinishing the running batch; Ctrl-C again drops it')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    isStopped: () => isStopped,
    onStop: (task: () => void) => {
      stop = task
      if (isStopped) stop()
    },
    forget: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)

async function merge(argv: readonly string[]): Promise<number> {
  const given = readCommandLine(argv, {
    out: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  })
  if (given.has('help')) {
    console.log(sweepHelp)
    return 0
  }
  if (given.positionals.length === 0)
    throw new TradingError(
      'OPTION_INVALID',
      'merge needs folders, e.g. npm run sweep -- merge sweep',
    )
  const { header, trials, missing } = await mergeJournals(given.positionals)
  const out = given.text('out')
  if (out !== undefined) {
    const path = journalPath(out)
    if (existsSync(path))
      throw new TradingError('OPTION_INVALID', `${path} exists already; name another --out`)
    const journal = await openJournal(path, header)
    journal.append(trials)
    journal.close()
  }
  const { text, json } = concludeSweep(header, trials, trials.length + missing.length)
  const gap = missing.length > 0 ? [`missing trials: ${missing.slice(0, 20).join(', ')}`] : []
  print(given.has('json'), [...text, ...gap], { ...json, missing })
  return 0
}

async function forward(argv: readonly string[]): Promise<number> {
  const options = readWalkForwardOptions(argv)
  if (options === 'help') {
    console.log(sweepHelp)
    return 0
  }
  const { header, trials } = await mergeJournals(options.folders)
  const { text, json } = walkForward(header, trials, options)
  print(options.json, text, json)
  return 0
}

await runCommand('sweep', () => main(process.argv.slice(2)))
