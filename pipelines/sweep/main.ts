import { existsSync } from 'node:fs'
import type { Given } from '#shared/cloud/command-line/command.ts'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { microsPerDay } from '#shared/kernel/unit.ts'
import { lockFolder } from '../data/lock.ts'
import { createProgress } from '../data/progress.ts'
import { concludeSweep } from './conclude.ts'
import type { SweepHeader } from './header.ts'
import { codeCommit, hashSources } from './identity.ts'
import { journalPath, openJournal } from './journal.ts'
import { mergeJournals } from './merge.ts'
import { defaultFolder, type SweepOptions, sweepCommand, sweepOptionsOf } from './options.ts'
import { openPool } from './pool.ts'
import { candleSidePaths } from './runner/side-paths.ts'
import { scoreOf } from './score.ts'
import { runSweep, taskTrials } from './sweep.ts'
import { walkForward } from './walk-forward.ts'

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

async function sweep(options: SweepOptions, { answer, say }: Voice): Promise<number> {
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
          `stopped: ${done.length} of ${ownCount} trials are in ${journalPath(folder)}; go on with: npm run sweep -- ${process.argv.slice(2).map(quoted).join(' ')}`,
        )
        answer({ isComplete: false, trials: done.length, trialCount: ownCount })
        return 0
      }
      const { text, json, hasResult } = concludeSweep(
        header,
        trials,
        Math.max(ownCount, trials.length),
      )
      say([...text, `trials: ${journalPath(folder)}`].join('\n'))
      answer(json)
      return hasResult ? 0 : 1
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

const { merge, 'walk-forward': forward } = sweepCommand.verbs

async function mergeFolders(
  { options: { out }, words }: Given<typeof merge.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { header, trials, missing } = await mergeJournals(words)
  if (out !== undefined) {
    const path = journalPath(out)
    if (existsSync(path)) throw invalidOption(`${path} exists already; name another --out`)
    const journal = await openJournal(path, header)
    journal.append(trials)
    journal.close()
  }
  const { text, json, hasResult } = concludeSweep(header, trials, trials.length + missing.length)
  const gap = missing.length > 0 ? [`missing trials: ${missing.slice(0, 20).join(', ')}`] : []
  say([...text, ...gap].join('\n'))
  answer({ ...json, missing })
  return hasResult ? 0 : 1
}

async function goForward(
  { options, words }: Given<typeof forward.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { header, trials } = await mergeJournals(words.length > 0 ? words : [defaultFolder])
  const { text, json } = walkForward(header, trials, {
    trainUs: options.train * microsPerDay,
    testUs: options.test * microsPerDay,
    purgeUs: options.purge * microsPerDay,
    embargoUs: options.embargo * microsPerDay,
    isExpanding: options.expanding,
  })
  say(text.join('\n'))
  answer(json)
  return 0
}

await runProcess(
  carryOut(
    sweepCommand,
    async ({ options }, voice) => sweep(await sweepOptionsOf(options, process.env), voice),
    { merge: carryOut(merge, mergeFolders), 'walk-forward': carryOut(forward, goForward) },
  ),
)
