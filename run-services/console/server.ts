import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import { type ConsolePorts, createConsoleApp } from './app.ts'

export type ConsoleOptions = Omit<ConsolePorts, 'timers' | 'report'> & {
  /** Left out, the process's own timers. */
  readonly timers?: Timers
  /** Left out, one line on stderr. */
  readonly report?: (fault: unknown) => void
  /** Left out, 127.0.0.1. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
}

export type RunningConsole = {
  readonly url: string
  /** The page with the right to command, where a token gives it; the part after `#` never leaves the browser. */
  readonly operatorUrl: string
  close(): Promise<void>
}

/** Serves the console. @throws TradingError PORT_TAKEN */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host = '127.0.0.1', port } = options
  const { app, close } = createConsoleApp({
    ...options,
    timers: options.timers ?? processTimers,
    report: options.report ?? reportLine,
  })
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      void close()
      reject(cause.code === 'EADDRINUSE' ? portTaken(host, port, cause) : cause)
    })
    server.listen(port, host, resolve)
  })

  const address = server.address() as AddressInfo
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/`
  const { auth } = options.config
  return {
    url,
    operatorUrl: auth.kind === 'token' ? `${url}#token=${encodeURIComponent(auth.token)}` : url,
    close: async () => {
      await close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
    },
  }
}

const portTaken = (host: string, port: number, cause: unknown): TradingError =>
  new TradingError(
    'PORT_TAKEN',
    `port ${port} on ${host} is in use: stop the other process or choose another with --port`,
    { host, port },
    cause,
  )

const processTimers: Timers = {
  after: (delayUs, task) => {
    const timer = setTimeout(task, delayUs / 1_000)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

const reportLine = (fault: unknown): void => {
  const line = fault instanceof Error ? fault.message : String(fault)
  process.stderr.write(`console: ${line}\n`)
}
