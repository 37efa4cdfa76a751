import { Worker } from 'node:worker_threads'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { type ErrorCode, invariant, TradingError } from '#shared/kernel/error.ts'
import { prepareMarket, type RunnerSpec } from './runner/runner.ts'
import type { Parameters } from './space.ts'

export type PlannedTrial = { readonly trial: number; readonly parameters: Parameters }

export type WorkerStart = { readonly spec: RunnerSpec; readonly market: unknown }

export type WorkerJob = { readonly trials: readonly PlannedTrial[] }

export type WorkerAnswer =
  | { readonly kind: 'ready'; readonly variantsPerPass: number }
  | { readonly kind: 'done'; readonly summaries: readonly TrialSummary[] }
  | { readonly kind: 'failed'; readonly code?: ErrorCode; readonly message: string }

/** Worker threads that run trials of one sweep. */
export type Pool = {
  readonly workers: number
  /** Trials that share one pass over the market. */
  readonly variantsPerPass: number
  /**
   * Runs trials; answers come in any order, one call of `onDone` per piece of work.
   *
   * @returns when all are done, or when what was begun before `stop` is done
   * @throws TradingError of the first trial that failed; pieces that had finished were delivered
   */
  run(
    trials: readonly PlannedTrial[],
    onDone: (summaries: readonly TrialSummary[]) => void,
  ): Promise<void>
  /** Begins nothing new; what runs may finish. */
  stop(): void
  /** Ends the threads at once and drops what they were doing. */
  close(): Promise<void>
}

/** @throws TradingError when the runner cannot be opened (bad options, unreadable files) */
export async function openPool(spec: RunnerSpec, workers: number): Promise<Pool> {
  const market = await prepareMarket(spec)
  const threads = Array.from({ length: workers }, () => openThread({ spec, market }))
  const close = async (): Promise<void> => {
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }
  let variantsPerPass = 1
  try {
    for (const thread of threads) {
      const ready = await thread.next()
      invariant(ready.kind === 'ready', 'a worker answered before it was asked')
      variantsPerPass = ready.variantsPerPass
    }
  } catch (error) {
    await close()
    throw error
  }
  let isStopped = false
  return {
    workers,
    variantsPerPass,
    async run(trials, onDone) {
      const pieces = cutPieces(trials, workers, variantsPerPass)
      const work = async (thread: Thread): Promise<void> => {
        for (let piece = pieces.shift(); piece && !isStopped; piece = pieces.shift()) {
          thread.worker.postMessage({ trials: piece } satisfies WorkerJob)
          const answer = await thread.next()
          invariant(answer.kind === 'done', 'a worker got ready twice')
          onDone(answer.summaries)
        }
      }
      const ends = await Promise.allSettled(
        threads.map((thread) =>
          work(thread).catch((error) => {
            isStopped = true
            throw error
          }),
        ),
      )
      const broken = ends.find((end) => end.status === 'rejected')
      if (broken) throw broken.reason
    },
    stop() {
      isStopped = true
    },
    close,
  }
}

/** Pieces of at most one pass, small enough that no thread idles while another has two. */
function cutPieces(
  trials: readonly PlannedTrial[],
  workers: number,
  variantsPerPass: number,
): PlannedTrial[][] {
  const size = Math.max(1, Math.min(variantsPerPass, Math.ceil(trials.length / workers)))
  const pieces: PlannedTrial[][] = []
  for (let from = 0; from < trials.length; from += size)
    pieces.push(trials.slice(from, from + size))
  return pieces
}

type Thread = {
  readonly worker: Worker
  /** The next answer. @throws TradingError what the worker failed with */
  next(): Promise<Exclude<WorkerAnswer, { kind: 'failed' }>>
}

function openThread(start: WorkerStart): Thread {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start })
  const answers: WorkerAnswer[] = []
  let wake = (): void => {}
  const deliver = (answer: WorkerAnswer): void => {
    answers.push(answer)
    wake()
  }
  worker.on('message', deliver)
  worker.on('error', (error) => deliver({ kind: 'failed', message: `${error.stack}` }))
  worker.on('exit', (code) =>
    deliver({ kind: 'failed', message: `a worker thread ended with code ${code}` }),
  )
  return {
    worker,
    async next() {
      if (answers.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const answer = answers.shift() as WorkerAnswer
      if (answer.kind !== 'failed') return answer
      throw new TradingError(answer.code ?? 'STATE_CORRUPT', answer.message)
    },
  }
}
