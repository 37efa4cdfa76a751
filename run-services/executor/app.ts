import type { Bus, Lease } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Command, DomainEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import { createTraderFromSpec, type TraderSpec } from '#shared/trading/engine/spec.ts'
import {
  type Guard,
  guardOf,
  isQuiet,
  markPriceE8,
  type TraderOutput,
  type TraderState,
} from '#shared/trading/engine/trader.ts'
import { type AccountCheck, checkAccounts } from '#shared/trading/ledger/account-check.ts'
import type { Limits } from '#shared/trading/risk/limits.ts'
import type { Emit, InstrumentListing, Venue } from '#shared/venue/venue.ts'
import { createDrive, type Drive } from './drive.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createLiveVectors, type LiveVectors } from './live-vector.ts'
import { createPublisher } from './publish.ts'
import { type InferenceAccess, type Shadow, type ShadowSubject, startShadow } from './shadow.ts'
import { type RunSummary, summariseTrader } from './summary.ts'
import { inTime, waitUntil, waitUs } from './wait.ts'

export type ExecutorPorts = {
  readonly runtime: Runtime
  readonly bus: Bus
  readonly lease: Lease
  /** One per account, in the order of account ids. `epoch` is the lease's generation. */
  readonly venues: readonly ((emit: Emit, epoch: number) => Venue)[]
  /** Opens the tape of this run; everything the executor receives goes there. */
  readonly openTape: (header: TapeHeader) => {
    append(event: DomainEvent): void
    close(): Promise<void>
  }
  /** What must outlive the process: a kill, and the marks of the portfolio stops. */
  readonly guard: GuardStore
  /** True when the market is made up, so that nobody later takes the tape of this run for a real one. */
  readonly isInvented: boolean
  /** Where a model is asked in shadow. Absent: none is asked. */
  readonly inference?: InferenceAccess
  /** Who this process is, in the lease and in its heartbeats; left out, `executor`. */
  readonly holder?: string
  readonly report: (line: string) => void
}

export type GuardStore = {
  /** What the session before left; undefined on a fresh account. */
  read(): Guard | undefined
  write(guard: Guard): void
}

export type ExecutorPlan = {
  /** Picks instruments from what the venues list, per account, and decides what trades them. */
  readonly choose: (listings: readonly (readonly InstrumentListing[])[]) => {
    readonly instruments: readonly Instrument[]
    readonly spec: Omit<TraderSpec, 'epoch'>
  }
  /** Checked once all books are live and balances known; throws when nothing could ever trade. */
  readonly admit: (state: TraderState) => void
}

export type Executor = {
  /** Resolves when trading has begun. @throws TradingError when it cannot begin; nothing was placed then */
  start(): Promise<void>
  command(command: 'kill' | 'flatten' | 'resume', reason: string): void
  /** Moves limits within their ceilings. */
  changeLimits(limits: Readonly<Partial<Limits>>, reason: string): void
  /** Cancels everything, checks the books against the venue, closes the tape. */
  stop(patience?: StopPatience): Promise<RunSummary>
}

/** How long an end may take; a platform that kills after some seconds wants less than a person at a terminal. */
export type StopPatience = {
  /** For final answers about orders that were open. */
  readonly quietUs: number
  /** How often the closing check is made while facts may still be on their way. */
  readonly checksMax: number
  /** For the answers to all of them. */
  readonly checkUs: number
}

const timerEveryUs = 100 * microsPerMilli
const booksPatienceUs = 30 * microsPerSecond
const leaseEveryUs = 3 * microsPerSecond
const usualPatience: StopPatience = {
  quietUs: 12 * microsPerSecond,
  checksMax: 4,
  checkUs: 45 * microsPerSecond,
}

/** The trader process: the single writer of its accounts. Starting and restarting are the same code. */
export function createExecutor(ports: ExecutorPorts, plan: ExecutorPlan): Executor {
  const { runtime } = ports
  let session: Session | undefined
  let cancelTimer = () => {}
  let cancelLease = () => {}
  let hasBegun = false
  const early: EarlyCommand[] = []

  const every = (periodUs: number, task: () => void): (() => void) => {
    let cancel = () => {}
    const arm = () => {
      cancel = runtime.timers.after(periodUs, () => {
        arm()
        task()
      })
    }
    arm()
    return () => cancel()
  }

  const close = async () => {
    cancelTimer()
    cancelLease()
    await session?.abandon()
    await ports.lease.release().catch((error: Error) => ports.report(error.message))
  }

  return {
    async start() {
      const epoch = await ports.lease.acquire(ports.holder ?? 'executor')
      let lost: Error | undefined
      // From the start: a venue that is slow to list what it trades must not cost the lease.
      cancelLease = every(leaseEveryUs, () => {
        ports.lease.renew().catch((error: Error) => {
          // Said once: whoever holds the lease now must not have its orders canceled again and again.
          cancelLease()
          lost = error
          session?.receive(
            commandEvent(runtime, 'kill', `lost the right to write: ${error.message}`),
          )
        })
      })
      try {
        const opened = await openSession(ports, plan, epoch)
        session = opened
        if (lost) throw lost
        cancelTimer = every(timerEveryUs, () =>
          opened.receive({ kind: 'timer', ...stamp(runtime) }),
        )
        await opened.begin(() => early.splice(0))
        hasBegun = true
        for (const give of early.splice(0)) give(opened.receive)
      } catch (error) {
        await close()
        throw error
      }
    },
    command(command, reason) {
      // Nothing that an operator says is lost, also while the session still opens.
      if (hasBegun) session?.receive(commandEvent(runtime, command, reason))
      else early.push((receive) => receive(commandEvent(runtime, command, reason)))
    },
    changeLimits(limits, reason) {
      if (hasBegun) session?.receive(limitsEvent(runtime, limits, reason))
      else early.push((receive) => receive(limitsEvent(runtime, limits, reason)))
    },
    async stop(patience = usualPatience) {
      if (!session)
        throw new TradingError('STATE_CORRUPT', 'the executor was stopped before it started')
      try {
        return await session.end(patience)
      } finally {
        await close()
      }
    },
  }
}

type EarlyCommand = (receive: (event: DomainEvent) => void) => void

type Session = {
  receive(event: DomainEvent): void
  begin(commands: () => readonly EarlyCommand[]): Promise<void>
  end(patience: StopPatience): Promise<RunSummary>
  abandon(): Promise<void>
}

async function openSession(
  ports: ExecutorPorts,
  plan: ExecutorPlan,
  epoch: number,
): Promise<Session> {
  const { runtime } = ports
  // Facts can only arrive once streams are open, and those open in `begin`.
  let drive: Drive | undefined
  const emit: Emit = (event) => drive?.receive(event)
  const venues = ports.venues.map((build) => build(emit, epoch))
  const listings = await Promise.all(venues.map((venue) => venue.loadListings()))
  const { instruments, spec: choice } = plan.choose(listings)
  const guard = ports.guard.read()
  const spec: TraderSpec = { ...choice, epoch, ...(guard ? { guard } : {}) }
  if (guard?.killedBecause)
    ports.report(`still killed: ${guard.killedBecause}; nothing is placed until somebody resumes`)
  const state = createTraderFromSpec(spec, instruments)
  const tape = ports.openTape({
    version: 1,
    source: 'executor',
    instruments,
    attributes: {
      synthetic: String(ports.isInvented),
      spec: JSON.stringify(spec),
      startedUs: String(runtime.clock.nowUs()),
    },
  })
  const publisher = createPublisher(ports.bus, state, spec)
  const ordersByStrategy = new Map<string, number>()
  const startedUs = runtime.clock.nowUs()

  let kept = ''
  const keepGuard = () => {
    const now = guardOf(state)
    if (!now) return
    const text = JSON.stringify(now)
    if (text === kept) return
    kept = text
    ports.guard.write(now)
  }

  const vectors: LiveVectors | undefined = ports.inference && createLiveVectors(state)
  let shadow: Shadow | undefined
  let endHeartbeat = () => {}

  const carryOut = (out: TraderOutput, event: DomainEvent) => {
    for (const intent of out.intents) {
      const id = intent.kind === 'place' ? intent.order.instrumentId : intent.instrumentId
      if (intent.kind === 'place') {
        const { strategy } = intent.order
        ordersByStrategy.set(strategy, (ordersByStrategy.get(strategy) ?? 0) + 1)
      }
      venues[instruments[id]!.accountId]!.send(intent)
    }
    publisher.tell(event, out)
    vectors?.observe(event)
    if (event.kind === 'timer' || out.decisions.length > 0) keepGuard()
  }
  drive = createDrive(state, (event) => tape.append(event), carryOut)
  const { receive, intentsHash } = drive

  const check = async (checksMax: number): Promise<AccountCheck> => {
    let result: AccountCheck | undefined
    for (let attempt = 0; attempt < checksMax; attempt++) {
      if (attempt > 0) await waitUs(runtime, microsPerSecond / 2)
      const statements = await Promise.all(venues.map((venue) => venue.readAccount()))
      result = checkAccounts(
        state.ledger,
        statements.map((statement, accountId) => ({ ...statement, accountId })),
      )
      if (result.exact) return result
    }
    return result!
  }

  return {
    receive,
    async begin(commands) {
      endHeartbeat = startHeartbeat(ports, state, {
        holder: ports.holder ?? 'executor',
        runId: spec.runId,
      })
      await Promise.all(
        venues.map((venue, accountId) =>
          venue.start(instruments.filter((instrument) => instrument.accountId === accountId)),
        ),
      )
      const isReady = ({ id }: Instrument) =>
        state.books[id]!.isLive && markPriceE8(state, id) !== undefined
      if (!(await waitUntil(runtime, () => instruments.every(isReady), booksPatienceUs))) {
        const missing = instruments.filter((instrument) => !isReady(instrument))
        throw new TradingError(
          'VENUE_UNREACHABLE',
          `no live book and mark price of ${missing.map(({ symbol }) => symbol).join(', ')} within ${booksPatienceUs / microsPerSecond} s; check the venue's status and the network`,
        )
      }
      plan.admit(state)
      for (const give of commands()) give(receive)
      receive(commandEvent(runtime, 'start', 'session begins'))
      if (ports.inference && vectors)
        shadow = startShadow(
          { runtime, bus: ports.bus, inference: ports.inference },
          shadowSubject(spec.runId, instruments, vectors),
        )
    },
    async end({ quietUs, checksMax, checkUs }) {
      shadow?.stop()
      receive(commandEvent(runtime, 'stop', 'session ends'))
      if (!(await waitUntil(runtime, () => isQuiet(state), quietUs)))
        ports.report(`${state.desk.open.size} orders still have no final answer from the venue`)
      const accountCheck = await inTime(runtime, checkUs, check(checksMax)).catch(
        (error: Error): RunSummary['accountCheck'] => ({
          exact: false,
          isUnknown: true,
          differences: [`the venue could not be asked: ${error.message}`],
        }),
      )
      const { total, byStrategy } = summariseTrader(state, ordersByStrategy)
      return {
        runId: spec.runId,
        mode: spec.mode,
        seconds: (runtime.clock.nowUs() - startedUs) / microsPerSecond,
        events: drive.eventCount,
        orders: total.orders,
        fills: total.fills,
        makerShare: total.makerShare,
        pnl: total,
        byStrategy,
        killed: state.killedBecause ?? null,
        intents: drive.intentCount,
        intentsHash: intentsHash(),
        ordersUnknown: [...state.desk.open.keys()],
        accountCheck,
      }
    },
    async abandon() {
      shadow?.stop()
      endHeartbeat()
      await Promise.all(venues.map((venue) => venue.stop()))
      await tape.close()
    },
  }
}

/** Spot legs of a hedge are nobody's forecast. */
function shadowSubject(
  runId: string,
  instruments: readonly Instrument[],
  vectors: LiveVectors,
): ShadowSubject {
  const perpetuals = instruments.filter(({ kind }) => kind === 'perpetual')
  return {
    runId,
    featureFingerprint,
    symbols: perpetuals.map(({ symbol }) => symbol),
    vectorOf: (index, nowUs) => vectors.read(perpetuals[index]!.id, nowUs),
  }
}

function stamp({ clock }: Runtime): { eventTimeUs: Micros; receiveTimeUs: Micros } {
  const nowUs = clock.nowUs()
  return { eventTimeUs: nowUs, receiveTimeUs: nowUs }
}

const commandEvent = (
  runtime: Runtime,
  command: Exclude<Command['command'], 'limits'>,
  reason: string,
): Command => ({
  kind: 'command',
  ...stamp(runtime),
  command,
  reason,
})

const limitsEvent = (
  runtime: Runtime,
  limits: Readonly<Partial<Limits>>,
  reason: string,
): Command => ({
  kind: 'command',
  ...stamp(runtime),
  command: 'limits',
  limits: { ...limits },
  reason,
})
