import { createExecutor } from '#services/executor/app.ts'
import { createPlan } from '#services/executor/plan.ts'
import type { RunSummary } from '#services/executor/summary.ts'
import { createTwin } from '#services/twin/app.ts'
import { demoAccounts, demoOptions } from '#services/twin/demo.ts'
import type { Bus, Lease } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import type { FaultOptions } from '#shared/simulation/fault.ts'
import { createMortal } from '#shared/simulation/network/mortal.ts'
import {
  createVirtualNetwork,
  type VirtualHost,
} from '#shared/simulation/network/virtual-network.ts'
import type { StrategyName } from '#shared/strategy/registry.ts'
import type { Guard } from '#shared/trading/engine/trader.ts'
import { createSigner } from '#shared/venue/aster/sign.ts'
import { createAsterVenue } from '#shared/venue/aster/venue.ts'
import { runVirtual, runVirtualUntil } from './virtual.ts'

export type SimulationOptions = {
  readonly seed: number
  readonly durationUs: number
  readonly symbols: readonly string[]
  readonly strategies: readonly StrategyName[]
  readonly equityQuote: number
  /** One-way time between executor and exchange. */
  readonly latencyUs: number
  readonly faults?: FaultOptions
  /** Lives of sessions that die without a word before the one that lasts. */
  readonly crashAfterUs?: readonly number[]
  /** Given half a second before each death. */
  readonly commandBeforeCrash?: { readonly command: 'kill' | 'flatten'; readonly reason: string }
  /** Hears every event the executor receives, e.g. to write a tape. */
  readonly openTape?: (header: TapeHeader) => {
    append(event: DomainEvent): void
    close(): Promise<void>
  }
  /** A model server that is asked in shadow; left out, none is. */
  readonly inference?: VirtualHost
  /** Hears what the executor publishes; left out, nobody does. */
  readonly bus?: Bus
  readonly report: (line: string) => void
  /** Called with the part of the duration that has passed, 0 to 1. */
  readonly progress?: (part: number) => void
}

/** 2026-01-01 00:00 UTC: a simulation knows no today. */
const simulationStartUs = 1_767_225_600_000_000 as Micros

const fundingEveryHours = 30 / 3_600
const hedgeShare = 0.4
const slices = 100
const startPatienceUs = 60_000_000
const stopPatienceUs = 60_000_000
/** Time between a death and the next start. */
const restartUs = 500_000
const chainId = 1666

/**
 * Runs the real executor and the real venue client against the exchange core in this process, on a virtual clock
 * and an in-memory network. The outcome is a function of the options alone.
 */
export async function simulate(options: SimulationOptions): Promise<RunSummary> {
  const network = createVirtualNetwork({ startUs: simulationStartUs })
  const runtime = network.runtime
  const accounts = demoAccounts(options.seed)
  const wantsHedge = options.strategies.includes('funding-carry')
  const hedgeQuote = wantsHedge ? Math.floor(options.equityQuote * hedgeShare) : 0
  const present = [
    { ...accounts.perp, walletE8: e8(options.equityQuote - hedgeQuote) },
    ...(wantsHedge ? [{ ...accounts.hedge, walletE8: e8(hedgeQuote) }] : []),
  ]
  const twin = createTwin({
    ...demoOptions({
      seed: options.seed,
      clock: runtime.clock,
      symbols: options.symbols.flatMap((symbol) =>
        wantsHedge ? [symbol, symbol.replace(/USDT$/, 'SPOT')] : [symbol],
      ),
    }),
    fundingIntervalHours: fundingEveryHours,
    accounts: present.map(({ name, user, signer, walletE8 }) => ({
      name,
      user,
      signers: [signer],
      walletE8,
    })),
    ...(options.faults ? { faults: options.faults } : {}),
  })
  network.addHost('twin', twin, { toHostUs: options.latencyUs, toClientUs: options.latencyUs })

  if (options.inference)
    network.addHost('inference', options.inference, {
      toHostUs: options.latencyUs,
      toClientUs: options.latencyUs,
    })

  // The disk outlives the process.
  let guard: Guard | undefined
  const openSession = (epoch: number) => {
    const { runtime: own, die } = createMortal(runtime)
    const executor = createExecutor(
      {
        runtime: own,
        bus: options.bus ?? silentBus,
        lease: holderOf(epoch),
        venues: present.map(
          ({ privateKey }, accountId) =>
            (emit) =>
              createAsterVenue({
                runtime: own,
                restUrl: 'http://twin',
                streamUrl: 'ws://twin',
                accountId,
                asset: 'USDT',
                signer: createSigner({ privateKeyHex: privateKey, chainId }),
                feeSymbols: options.symbols,
                emit,
                onFault: (error) => options.report(error.message),
              }),
        ),
        openTape: options.openTape ?? (() => ({ append() {}, close: async () => {} })),
        guard: {
          read: () => guard,
          write: (kept) => {
            guard = kept
          },
        },
        isInvented: true,
        ...(options.inference ? { inference: { url: 'http://inference' } } : {}),
        report: options.report,
      },
      createPlan({
        runId: `simulation-${options.seed}`,
        mode: 'paper',
        symbols: options.symbols,
        strategies: options.strategies,
        equityQuote: options.equityQuote,
        report: options.report,
      }),
    )
    return { executor, die }
  }

  const crashes = options.crashAfterUs ?? []
  for (const [index, lifeUs] of crashes.entries()) {
    const { executor, die } = openSession(index + 1)
    // It may die while it still starts: nobody waits for its answer.
    executor.start().catch((error: Error) => options.report(error.message))
    await runVirtual(network, network.nowUs + Math.max(0, lifeUs - restartUs))
    const last = options.commandBeforeCrash
    if (last) executor.command(last.command, last.reason)
    await runVirtual(network, network.nowUs + Math.min(lifeUs, restartUs))
    die()
    await runVirtual(network, network.nowUs + restartUs)
  }

  const { executor } = openSession(crashes.length + 1)
  await runVirtualUntil(network, executor.start(), network.nowUs + startPatienceUs)
  const beganUs = network.nowUs
  for (let slice = 1; slice <= slices; slice++) {
    await runVirtual(network, beganUs + (options.durationUs * slice) / slices)
    options.progress?.(slice / slices)
  }
  return await runVirtualUntil(network, executor.stop(), network.nowUs + stopPatienceUs)
}

const e8 = (quote: number): bigint => BigInt(quote) * 10n ** 8n

/** Nobody listens in a simulation. */
const silentBus: Bus = {
  publish() {},
  subscribe: () => () => {},
  flush: async () => {},
  close() {},
}

/** One process at a time, each with a generation of its own. */
const holderOf = (epoch: number): Lease => ({
  acquire: async () => epoch,
  renew: async () => {},
  release: async () => {},
})
