import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Blobs } from '#shared/cloud/port.ts'
import type { Tracer } from '#shared/cloud/telemetry/tracer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { createInferenceApp, type InferencePorts } from './app.ts'
import { createModelSlot, type LoadedModel } from './model-slot.ts'
import { openScorer, type Provider } from './scorer.ts'

export type InferenceOptions = {
  /** Bucket `state`. */
  readonly state: Blobs
  /** Bucket `models`. */
  readonly models: Blobs
  readonly provider: Provider
  /** Threads of one call on the CPU. */
  readonly threads: number
  readonly pollSeconds: number
  /** Of the features this program computes; models of others are refused. */
  readonly featureFingerprint: string
  readonly clock: Clock
  readonly timers: Timers
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly onScored?: InferencePorts['onScored']
  readonly tracer?: Tracer
  /** One line for people. */
  readonly report: (line: string) => void
}

export type RunningInference = {
  readonly url: string
  readonly model: () => LoadedModel | undefined
  /** False while nothing was ever promoted; a promoted model may still have been refused. */
  readonly hasPromotion: () => boolean
  /** Resolves once the registry was looked at for the first time, whatever it held. */
  readonly firstLook: Promise<void>
  /** Takes no more calls, answers those it has, and lets go of the model. */
  close(): Promise<void>
}

/**
 * Serves the promoted model. Listens before the model is loaded, so that probes have somebody to ask.
 *
 * @throws TradingError PORT_TAKEN
 */
export async function startInference(options: InferenceOptions): Promise<RunningInference> {
  const { timers, report } = options
  const slot = createModelSlot({
    state: options.state,
    models: options.models,
    clock: options.clock,
    featureFingerprint: options.featureFingerprint,
    open: (file) => openScorer(file, options),
    report,
  })
  const app = createInferenceApp({
    slot,
    monotonicMs: () => performance.now(),
    report: (fault) => report(fault instanceof Error ? fault.message : String(fault)),
    ...(options.onScored ? { onScored: options.onScored } : {}),
    ...(options.tracer ? { tracer: options.tracer } : {}),
  })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  const url = await listen(server, options)

  let cancel = () => {}
  let isClosing = false
  const lookAgain = async () => {
    await slot.refresh()
    if (!isClosing)
      cancel = timers.after(options.pollSeconds * microsPerSecond, () => void lookAgain())
  }
  return {
    url,
    model: () => slot.model,
    hasPromotion: () => slot.model !== undefined || slot.problem !== undefined,
    firstLook: lookAgain(),
    async close() {
      isClosing = true
      cancel()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        // Kept-alive connections without a call in them would hold the end up for ever.
        server.closeIdleConnections()
      })
      await slot.close()
    },
  }
}

function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause)
      const line = `port ${port} on ${host} is in use: stop the other process or set another PORT`
      reject(new TradingError('PORT_TAKEN', line, { host, port }, cause))
    })
    server.listen(port, host, () => {
      const { port: taken } = server.address() as AddressInfo
      resolve(`http://${host}:${taken}`)
    })
  })
}
