import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { demoAccounts, demoOptions } from '#services/twin/demo.ts'
import { startTwinServer, type TwinServer } from '#services/twin/server.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import type { ExecutorProcessGiven } from './executor-process.fixture.ts'
import { type StartedProcess, startProcess } from './process.fixture.ts'

/** An exchange, and the executors that trade on one of its accounts one after the other. */
export type ExecutorWorld = {
  readonly folder: string
  readonly twin: TwinServer
  start(holder: string, over?: Partial<ExecutorProcessGiven['config']>): StartedProcess
  workingOrders(): number
  /** Resolves when the exchange holds an order: the trader quotes. */
  quoting(): Promise<void>
  close(): Promise<void>
}

const seed = 7

export async function openExecutorWorld(): Promise<ExecutorWorld> {
  const started: StartedProcess[] = []
  const folder = await mkdtemp(join(tmpdir(), 'asterai-executor-'))
  const options = demoOptions({ seed, clock: createWallClock(), symbols: ['BTCUSDT'] })
  const twin = await startTwinServer({ ...options, historyDays: 0, port: 0 })
  const workingOrders = () =>
    twin.twin.exchange.state.accounts.reduce((sum, { openOrders }) => sum + openOrders.size, 0)
  return {
    folder,
    twin,
    workingOrders,
    quoting: () =>
      vi.waitFor(() => expect(workingOrders()).toBeGreaterThan(0), { timeout: 30_000 }),
    start(holder, over = {}) {
      const given: ExecutorProcessGiven = {
        folder,
        holder,
        agentKey: demoAccounts(seed).perp.privateKey,
        config: {
          mode: 'live',
          symbols: ['BTCUSDT'],
          strategies: ['grid'],
          equityQuote: 10_000,
          restUrl: twin.url,
          streamUrl: twin.wsUrl,
          healthPort: 0,
          scratchFolder: join(folder, 'scratch'),
          tapePartMinutes: 5,
          takeoverWaitSeconds: 1,
          egressPatienceSeconds: 20,
          otlpUrl: undefined,
          inference: undefined,
          ...over,
        },
      }
      const file = join(import.meta.dirname, 'executor-process.fixture.ts')
      const running = startProcess(process.execPath, [file, JSON.stringify(given)])
      started.push(running)
      return running
    },
    async close() {
      for (const { child } of started) child.kill('SIGKILL')
      await twin.close()
    },
  }
}
