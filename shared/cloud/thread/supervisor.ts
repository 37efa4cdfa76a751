import { Worker } from 'node:worker_threads'
import type { StatusMessage } from '#shared/cloud/message.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { FromThread, ToThread } from './body.ts'

export type ThreadSpec = {
  readonly name: string
  /** File of the thread's body. */
  readonly file: URL
  readonly given: unknown
  /** How often a dead thread is started again; 0 means that its death ends the run. */
  readonly restartsMax: number
}

export type SupervisorListener = {
  onStatus(service: string, state: StatusMessage['state'], detail: string): void
  onLog(service: string, line: string): void
  onNotice(service: string, name: string, payload: unknown): void
  /** A thread is gone for good although nobody asked it to stop. */
  onLost(service: string, error: TradingError): void
}

export type Thread = {
  /** Resolves with what the thread hands over when it first works. @throws TradingError as told by the thread */
  readonly ready: Promise<unknown>
  /** Asks it to end and waits. @returns what it hands over at its end; undefined when it was dead already */
  stop(): Promise<unknown>
  /** Simulates a crash: ends it at once, without asking. */
  crash(): Promise<void>
}

const startPatienceMs = 5_000

/** Runs one service as a worker thread, and starts it again when it dies without being asked to. */
export function startThread(spec: ThreadSpec, listener: SupervisorListener): Thread {
  let worker: Worker
  let restarts = 0
  let isStopping = false
  let isReady = false
  let result: unknown
  let failure: TradingError | undefined
  const ready = Promise.withResolvers<unknown>()
  // Whoever awaits it hears the failure; nobody has to.
  ready.promise.catch(() => {})
  const gone = Promise.withResolvers<void>()

  const receive = (message: FromThread) => {
    switch (message.kind) {
      case 'ready':
        isReady = true
        failure = undefined
        listener.onStatus(spec.name, 'running', '')
        return ready.resolve(message.payload)
      case 'log':
        return listener.onLog(spec.name, message.line)
      case 'notice':
        return listener.onNotice(spec.name, message.name, message.payload)
      // Its last words are said; handles it may still hold must not keep it.
      case 'ended':
        result = message.payload
        return void worker.terminate()
      case 'failed':
        failure = new TradingError(message.code ?? 'STATE_CORRUPT', message.message)
        return void worker.terminate()
    }
  }

  const onExit = () => {
    if (isStopping) {
      listener.onStatus(spec.name, failure ? 'failed' : 'stopped', failure?.message ?? '')
      ready.reject(
        failure ?? new TradingError('STATE_CORRUPT', `${spec.name} was stopped before it worked`),
      )
      return gone.resolve()
    }
    const error = failure ?? new TradingError('STATE_CORRUPT', `${spec.name} died without a word`)
    const detail = error.message
    if (isReady && restarts < spec.restartsMax) {
      restarts++
      listener.onStatus(
        spec.name,
        'restarted',
        `${detail}; start ${restarts} of ${spec.restartsMax}`,
      )
      return run()
    }
    listener.onStatus(spec.name, 'failed', detail)
    ready.reject(error)
    gone.resolve()
    if (isReady) listener.onLost(spec.name, error)
  }

  const run = () => {
    listener.onStatus(spec.name, 'starting', '')
    failure = undefined
    worker = new Worker(spec.file, { workerData: spec.given, name: spec.name })
    worker.on('message', receive)
    worker.on('error', (error: unknown) => {
      failure ??= new TradingError(
        'STATE_CORRUPT',
        error instanceof Error ? error.message : String(error),
      )
    })
    worker.on('exit', onExit)
  }
  run()

  return {
    ready: ready.promise,
    async stop() {
      if (!isStopping) {
        isStopping = true
        listener.onStatus(spec.name, 'stopping', '')
        worker.postMessage({ kind: 'stop' } satisfies ToThread)
      }
      // A thread that still starts has nothing to put in order: it may finish starting, but not for long.
      const patience = isReady
        ? undefined
        : setTimeout(() => void worker.terminate(), startPatienceMs)
      await gone.promise
      clearTimeout(patience)
      if (failure && isReady) throw failure
      return result
    },
    async crash() {
      await worker.terminate()
    },
  }
}
