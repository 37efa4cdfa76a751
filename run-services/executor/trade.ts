import type { AlertMessage, StatusMessage } from '#shared/cloud/message.ts'
import type { Blobs, Bus, Lease, Register, Secrets } from '#shared/cloud/port.ts'
import { identityHeaders } from '#shared/cloud/process/identity-token.ts'
import type { Life } from '#shared/cloud/process/life.ts'
import type { Tenure } from '#shared/cloud/process/tenure.ts'
import { openTapeParts, type TapeParts } from '#shared/cloud/tape/parts.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import type { Tracer } from '#shared/cloud/telemetry/tracer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Guard } from '#shared/trading/engine/trader.ts'
import { createSigner } from '#shared/venue/aster/sign.ts'
import { createAsterVenue } from '#shared/venue/aster/venue.ts'
import { openAccount, type TradingAccount } from './account.ts'
import { createExecutor, type Executor, type ExecutorPorts } from './app.ts'
import { obeyCommands } from './commands.ts'
import type { ExecutorConfig } from './config.ts'
import { fenceVenue } from './fence.ts'
import { openGuardRegister } from './guard-register.ts'
import { createPlan } from './plan.ts'
import type { RunSummary } from './summary.ts'

/** What the executor takes from a platform. */
export type ExecutorPlatform = {
  readonly bus: Bus
  readonly secrets: Secrets
  readonly blobs: (bucket: 'tapes') => Blobs
  /** In the bucket of the state. */
  readonly register: (name: string) => Register
  readonly lease: Lease
  close(): Promise<void>
}

export type TradeParts = {
  readonly config: ExecutorConfig
  /** Name of this instance, in the lease and the heartbeats. */
  readonly holder: string
  readonly runtime: Runtime
  readonly platform: ExecutorPlatform
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly tenure: Tenure
  readonly life: Life
}

const mainnetChainId = 1666
const ended = new TradingError(
  'LEASE_LOST',
  'this process ended before it traded; left to the next',
)
/** Out of the 10 s that the platform leaves after its signal; storing and releasing take the rest. */
const handOverPatience = {
  quietUs: 4 * microsPerSecond,
  checksMax: 1,
  checkUs: 2 * microsPerSecond,
}
/** How long a session that still opens may take to notice that it shall end. */
const openingPatienceUs = 4 * microsPerSecond

/**
 * From standby to hand-over: waits for the lease, trades until the process shall end, cancels everything, releases the
 * lease as soon as nothing more is written to the venue, and then stores what is left.
 *
 * @throws TradingError when trading could not begin, or when its end left something undone
 */
export async function trade(parts: TradeParts): Promise<void> {
  const { config, platform, life, tenure, runtime } = parts
  const account = await openAccount(config, {
    readAgentKey: () => platform.secrets.get('aster-agent-key'),
    listener: {
      onStatus: () => {},
      onLog: (_, line) => life.log(line, 'WARNING'),
      onNotice: () => {},
      onLost: (service, error) => life.end(`${service} is gone: ${error.message}`),
    },
  })
  const tell = (state: StatusMessage['state'], detail: string) =>
    platform.bus.publish('status', {
      service: 'executor',
      state,
      detail,
      at: runtime.clock.nowUs(),
    } satisfies StatusMessage)
  const run = assemble(parts, account)
  tell('starting', 'standby')
  const starting = run.executor.start()
  // The race below hears of it; a fault after an end that came first is not news.
  starting.catch(() => {})
  await Promise.race([starting, life.ending])
  const hasBegun = await begins(starting, parts)
  let undone: ReturnType<typeof whatIsLeft>
  if (hasBegun) {
    run.confirm()
    life.log(`trading ${config.symbols.join(', ')} with ${config.strategies.join(', ')}`)
    tell('running', '')
    await life.ending
    tell('stopping', '')
    const summary = await run.executor.stop(handOverPatience)
    life.log(`summary ${JSON.stringify(summary)}`)
    undone = whatIsLeft(summary)
    if (!undone) life.log('closing check exact')
    else life.log(undone.summary, 'ERROR')
    if (undone?.alert) {
      const { alert, summary: line, detail } = undone
      platform.bus.publish('alerts', {
        alert,
        severity: 'critical',
        summary: line,
        detail,
        recorded_at: runtime.clock.nowUs(),
        dedupe_key: `${alert}:${summary.runId}`,
      } satisfies AlertMessage)
    }
  } else {
    run.unsubscribe()
    await tenure.release()
  }
  tell('stopped', '')
  await all([platform.bus.flush(), run.stored(), account.close()])
  if (undone) throw new TradingError(undone.code, `${undone.summary}: ${undone.detail}`)
}

/** What the end of a session left for a person or the next process; undefined when all is known and equal. */
function whatIsLeft({ accountCheck, ordersUnknown }: RunSummary) {
  const { exact, isUnknown, differences } = accountCheck
  const detail = differences.join('; ')
  if (ordersUnknown.length > 0)
    return {
      code: 'ORDER_OUTCOME_UNKNOWN',
      alert: 'orders-unknown',
      summary:
        'the executor ended with orders whose fate it does not know; they may rest at the venue',
      detail: [`orders ${ordersUnknown.join(', ')}`, ...differences].join('; '),
    } as const
  if (isUnknown)
    return {
      code: 'VENUE_UNREACHABLE',
      alert: undefined,
      summary: 'the account was not compared at the end; the next executor asks before it trades',
      detail,
    } as const
  if (exact) return undefined
  return {
    code: 'LEDGER_MISMATCH',
    alert: 'account-mismatch',
    summary: 'the books differed from the venue when the executor ended',
    detail,
  } as const
}

/** @returns false when the process shall end before trading began */
async function begins(starting: Promise<void>, { life, tenure, runtime }: TradeParts) {
  if (!life.isEnding()) return true
  tenure.giveUp()
  const patience = new Promise<boolean>((resolve) => {
    runtime.timers.after(openingPatienceUs, () => resolve(false))
  })
  const settled = starting.then(
    () => true,
    () => false,
  )
  return await Promise.race([settled, patience])
}

type Run = {
  readonly executor: Executor
  /** Trading has begun, so that what operators said meanwhile is obeyed. */
  confirm(): void
  unsubscribe(): void
  /** Resolves once the tape is with the platform. */
  stored(): Promise<void>
}

function assemble(parts: TradeParts, account: TradingAccount): Run {
  const { config, holder, runtime, platform, metrics, tracer, tenure, life } = parts
  const { clock, timers } = runtime
  const runId = `${config.mode}-${compactTime(clock.nowUs())}`
  const warn = (line: string) => life.log(line, 'WARNING')
  const guard = openGuardRegister({
    register: platform.register(`executor/guard-${config.mode}.json`),
    timers,
    mayWrite: tenure.mayWrite,
    report: warn,
  })
  let tape: TapeParts | undefined
  let unsubscribe = () => {}
  const begun = Promise.withResolvers<void>()
  // Nobody may be waiting for it.
  begun.promise.catch(() => {})
  const lease: Lease = {
    async acquire(name) {
      const epoch = await tenure.acquire(name)
      try {
        await guard.load()
      } catch (error) {
        await tenure.release()
        throw error
      }
      // Instances share the subscription: a standby that listened would swallow what is meant for the writer.
      unsubscribe = obeyCommands({
        bus: platform.bus,
        clock,
        executor,
        keepKill: guard.keepKill,
        begun: begun.promise,
        mayWrite: tenure.mayWrite,
        store: guard.flush,
        log: life.log,
      })
      return epoch
    },
    renew: tenure.renew,
    async release() {
      // What is said from now on is for the next process.
      unsubscribe()
      begun.reject(ended)
      try {
        await guard.flush()
      } finally {
        await tenure.release()
      }
    },
  }
  const ports: ExecutorPorts = {
    runtime,
    bus: platform.bus,
    lease,
    holder,
    venues: [
      (emit) =>
        fenceVenue(
          createAsterVenue({
            runtime,
            restUrl: account.restUrl,
            streamUrl: account.streamUrl,
            accountId: 0,
            asset: 'USDT',
            signer: createSigner({
              privateKeyHex: account.privateKey,
              chainId: mainnetChainId,
            }),
            feeSymbols: config.symbols,
            emit,
            onFault: (error) => {
              warn(error.message)
              if (error.remedy === 'halt') executor.command('kill', error.message)
            },
          }),
          { mayWrite: tenure.mayWrite, clock, emit },
        ),
    ],
    openTape(header) {
      tape = openTapeParts({
        header,
        scratchFolder: config.scratchFolder,
        blobs: platform.blobs('tapes'),
        prefix: `executor/${runId}`,
        partMinutes: config.tapePartMinutes,
        clock,
        timers,
        report: warn,
        onBytes: (count) => metrics.add('asterai.tape.bytes', count, { writer: 'executor' }),
      })
      return tape
    },
    guard: {
      read: () => (config.mode === 'live' ? guard.read() : onFreshAccount(guard.read(), config)),
      write: guard.write,
    },
    isInvented: !isVenueItself(config.restUrl),
    ...(config.inference && {
      inference: {
        url: config.inference.url,
        tracer,
        ...(config.inference.audience !== undefined && {
          headers: identityHeaders(runtime, config.inference.audience),
        }),
      },
    }),
    report: (line) => life.log(line),
  }
  const executor = createExecutor(ports, createPlan({ ...config, runId, report: ports.report }))
  return {
    executor,
    confirm() {
      guard.confirm()
      begun.resolve()
    },
    unsubscribe() {
      unsubscribe()
      begun.reject(ended)
    },
    stored: async () => tape?.uploaded(),
  }
}

/** A kill outlives a paper account; its equity marks do not, because every start opens a new account. */
function onFreshAccount(guard: Guard | undefined, { equityQuote }: ExecutorConfig) {
  const equityE8 = String(BigInt(equityQuote) * 10n ** 8n)
  return guard && { ...guard, dayStartEquityE8: equityE8, peakEquityE8: equityE8 }
}

/** What any other host serves counts as made up: its tape must not pass for a real market. */
const isVenueItself = (restUrl: string): boolean =>
  new URL(restUrl).hostname.endsWith('.asterdex.com')

/** `20261121T062656`, UTC. */
const compactTime = (timeUs: number): string =>
  new Date(timeUs / 1_000).toISOString().replace(/[-:]|\..*$/g, '')

/** Waits for all of them, then throws what went wrong in one. */
async function all(tasks: readonly Promise<unknown>[]): Promise<void> {
  const faults = (await Promise.allSettled(tasks))
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => (reason instanceof Error ? reason.message : String(reason)))
  if (faults.length > 0) throw new TradingError('PLATFORM_UNREACHABLE', faults.join('; '))
}
