import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorCode, TradingError } from '#shared/kernel/error.ts'

/** What a thread tells its supervisor. */
export type FromThread =
  | { readonly kind: 'ready'; readonly payload: unknown }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'ended'; readonly payload: unknown }
  | { readonly kind: 'failed'; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly kind: 'notice'; readonly name: string; readonly payload: unknown }

/** What a supervisor tells a thread. */
export type ToThread = { readonly kind: 'stop' }

export type ThreadBody = {
  /** Handed to whoever started the thread once it works. */
  readonly payload: unknown
  /** Ends the work; the result is handed over. */
  stop(): Promise<unknown>
}

export type ThreadTools = {
  log(line: string): void
  notice(name: string, payload: unknown): void
}

/**
 * Runs the body of a worker thread: start, tell, wait for the stop message, stop, tell, exit. A fault in start or
 * stop is told and ends the thread; any other fault ends it too, and the supervisor sees it die.
 */
export async function runThread<Given>(
  start: (given: Given, tools: ThreadTools) => Promise<ThreadBody>,
): Promise<void> {
  const port = parentPort
  if (!port) throw new TradingError('STATE_CORRUPT', 'this file runs only as a worker thread')
  const tell = (message: FromThread) => port.postMessage(message)
  const fail = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error)
    if (!(error instanceof TradingError) && error instanceof Error)
      tell({ kind: 'log', line: error.stack ?? message })
    tell({ kind: 'failed', code: error instanceof TradingError ? error.code : undefined, message })
  }

  let stopAsked: () => void = () => {}
  const stopRequest = new Promise<void>((resolve) => {
    stopAsked = resolve
  })
  port.on('message', (message: ToThread) => {
    if (message.kind === 'stop') stopAsked()
  })
  try {
    const body = await start(workerData as Given, {
      log: (line) => tell({ kind: 'log', line }),
      notice: (name, payload) => tell({ kind: 'notice', name, payload }),
    })
    tell({ kind: 'ready', payload: body.payload })
    await stopRequest
    tell({ kind: 'ended', payload: await body.stop() })
  } catch (error) {
    fail(error)
  }
  port.close()
}
