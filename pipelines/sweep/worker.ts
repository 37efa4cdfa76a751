import { parentPort, workerData } from 'node:worker_threads'
import { TradingError } from '#shared/kernel/error.ts'
import type { WorkerAnswer, WorkerJob, WorkerStart } from './pool.ts'
import { openRunner } from './runner/runner.ts'

const port = parentPort
if (!port) throw new TradingError('STATE_CORRUPT', 'this file runs as a worker thread only')

const answer = (message: WorkerAnswer): void => port.postMessage(message)

const failed = (error: unknown): WorkerAnswer =>
  error instanceof TradingError
    ? { kind: 'failed', code: error.code, message: error.message }
    : { kind: 'failed', message: error instanceof Error ? `${error.stack}` : String(error) }

try {
  const { spec, market } = workerData as WorkerStart
  const runner = await openRunner(spec, market)
  port.on('message', ({ trials }: WorkerJob) => {
    runner.run(trials.map(({ parameters }) => parameters)).then(
      (summaries) =>
        answer({
          kind: 'done',
          summaries: summaries.map((summary, index) => ({
            ...summary,
            trial: trials[index]?.trial as number,
          })),
        }),
      (error) => answer(failed(error)),
    )
  })
  answer({ kind: 'ready', variantsPerPass: runner.variantsPerPass })
} catch (error) {
  answer(failed(error))
}
