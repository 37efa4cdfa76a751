import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createExecutor, type Executor } from '#services/executor/app.ts'
import { measureBus, measureHttp } from '#services/executor/measure.ts'
import { createPlan } from '#services/executor/plan.ts'
import { relayMetrics } from '#shared/cloud/local/metrics-relay.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import type { CommandMessage } from '#shared/cloud/message.ts'
import type { Lease } from '#shared/cloud/port.ts'
import { silentTracer } from '#shared/cloud/telemetry/tracer.ts'
import { runThread, type ThreadTools } from '#shared/cloud/thread/body.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { StrategyName } from '#shared/strategy/registry.ts'
import { createSigner } from '#shared/venue/aster/sign.ts'
import { createAsterVenue } from '#shared/venue/aster/venue.ts'
import { openMachinePlatform, type PlatformGiven } from '../cloud/platform.ts'
import { openGuard } from '../guard-file.ts'

export type ExecutorGiven = PlatformGiven & {
  readonly runId: string
  readonly mode: 'paper' | 'live'
  readonly symbols: readonly string[]
  readonly strategies: readonly StrategyName[]
  readonly equityQuote: number
  readonly restUrl: string
  readonly streamUrl: string
  /** Where kills and the marks of the portfolio stops are kept across restarts. */
  readonly guardFile: string
  readonly isInvented: boolean
  /** Where the model server of this machine listens. */
  readonly inferenceUrl: string
  readonly accounts: readonly { readonly name: string; readonly privateKey: string }[]
}

const mainnetChainId = 1666
/** Longer than a dead holder's lease lives. */
const leasePatienceSeconds = 20

await runThread<ExecutorGiven>(async (given, tools) => {
  const local = createLocalRuntime()
  const relay = relayMetrics(given.busName)
  const measures = { clock: local.clock, metrics: relay.metrics, tracer: silentTracer }
  const http = measureHttp(local.http, measures)
  const runtime = { ...local, http }
  const platform = await openMachinePlatform(given, 'executor', runtime, tools.log)
  const bus = measureBus(platform.bus, relay.metrics)
  let executor: Executor | undefined
  const killBy = (reason: string) => {
    tools.log(reason)
    executor?.command('kill', reason)
  }
  executor = createExecutor(
    {
      runtime,
      bus,
      lease: patient(platform.openLease(), runtime, tools),
      venues: given.accounts.map(
        ({ privateKey }, accountId) =>
          (emit) =>
            createAsterVenue({
              runtime,
              restUrl: given.restUrl,
              streamUrl: given.streamUrl,
              accountId,
              asset: 'USDT',
              signer: createSigner({ privateKeyHex: privateKey, chainId: mainnetChainId }),
              feeSymbols: accountId === 0 ? given.symbols : given.symbols.map(spotSister),
              emit,
              onFault: (error) => {
                if (error.remedy === 'halt') killBy(error.message)
                else tools.log(error.message)
              },
            }),
      ),
      openTape: (header) => {
        const folder = join(given.folder, given.runId)
        mkdirSync(folder, { recursive: true })
        const path = join(folder, 'tape.arrow')
        // A session that died left its tape here: it stays, under another name.
        if (existsSync(path))
          renameSync(path, join(folder, `tape-until-${header.attributes.startedUs}.arrow`))
        return openTapeWriter(path, header, (count) =>
          relay.metrics.add('asterai.tape.bytes', count, { writer: 'executor' }),
        )
      },
      guard: openGuard(given.guardFile),
      isInvented: given.isInvented,
      inference: { url: given.inferenceUrl },
      report: tools.log,
    },
    createPlan({ ...given, report: tools.log }),
  )
  const unsubscribe = bus.subscribe('commands', (message) => {
    const said = message as CommandMessage
    tools.log(`${said.command} by ${said.by}: ${said.reason}`)
    if (said.command === 'limits') executor?.changeLimits(said.limits, said.reason)
    else executor?.command(said.command, said.reason)
  })
  await executor.start()
  return {
    payload: undefined,
    async stop() {
      unsubscribe()
      const summary = await executor.stop()
      await bus.flush()
      await platform.close()
      relay.close()
      runtime.close()
      return summary
    },
  }
})

/** Where the hedge leg of a symbol trades on the twin. */
function spotSister(symbol: string): string {
  return symbol.replace(/USDT$/, 'SPOT')
}

/** Waits for the lease of an executor that died without letting go. */
function patient(lease: Lease, runtime: Runtime, { log }: ThreadTools): Lease {
  return {
    ...lease,
    async acquire(holder) {
      for (let second = 0; ; second++) {
        try {
          return await lease.acquire(holder)
        } catch (error) {
          const isHeld = error instanceof TradingError && error.code === 'LEASE_HELD'
          if (!isHeld || second >= leasePatienceSeconds) throw error
          if (second === 0) log(`${error.message}; waiting for it to expire`)
          await new Promise<void>((resolve) => {
            runtime.timers.after(microsPerSecond, resolve)
          })
        }
      }
    },
  }
}
