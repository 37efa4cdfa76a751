import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { RunSummary } from '#services/executor/summary.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { openSecrets } from '#shared/cloud/local/secrets.ts'
import type { StatusMessage } from '#shared/cloud/message.ts'
import type { Bus } from '#shared/cloud/port.ts'
import {
  type SupervisorListener,
  startThread,
  type Thread,
} from '#shared/cloud/thread/supervisor.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { PlatformGiven } from './cloud/platform.ts'
import type { StandInCloud } from './cloud/stand-in.ts'
import type { RunOptions } from './options.ts'
import type { CollectorGiven } from './thread/collector.ts'
import type { ConsoleGiven, ConsoleReady } from './thread/console.ts'
import type { ExecutorGiven } from './thread/executor.ts'
import type { InferenceGiven } from './thread/inference.ts'
import type { TwinGiven, TwinReady } from './thread/twin.ts'

export type StackEvents = {
  log(line: string): void
  /** The recording is over, or the run cannot go on. */
  onEnd(problem: Error | undefined): void
}

export type Stack = {
  /**
   * Resolves with the address of the page once trading has begun.
   *
   * @throws TradingError when a part cannot start; what was started before still has to be stopped
   */
  start(): Promise<string>
  /** Stops in order: trading first, then the page and its database, then the exchange. Also while starting. */
  stop(): Promise<{
    readonly summary: RunSummary | undefined
    /** What went wrong while stopping; the summary stands all the same. */
    readonly faults: readonly Error[]
  }>
}

const aster = { restUrl: 'https://fapi.asterdex.com', streamUrl: 'wss://fstream.asterdex.com' }
const defaultSymbols = ['BTCUSDT', 'ETHUSDT']
/** Invented funding settles this often so that a short run shows it; the page and the listing say so. */
const fundingEverySeconds = 30
/** Share of paper equity on the hedge account when carry runs. */
const hedgeShare = 0.4
const executorRestartsMax = 3
const consoleRestartsMax = 3
const inferenceRestartsMax = 3
const collectorRestartsMax = 3
/** Nothing that trades depends on these; what is gone with each. */
const dispensable: Readonly<Record<string, string>> = {
  inference: 'predictions',
  collector: 'liquidations',
}

/** The whole system as threads of this process. */
export function createStack(options: RunOptions, runId: string, events: StackEvents): Stack {
  const busName = `asterai-${runId}`
  let bus: Bus | undefined
  let cloud: StandInCloud | undefined
  const threads: Thread[] = []
  let executor: Thread | undefined
  let inference: Thread | undefined
  let collector: Thread | undefined
  let isStopping = false

  const listener: SupervisorListener = {
    onStatus(service, state, detail) {
      const at = Date.now() * 1_000
      bus?.publish('status', { service, state, detail, at } satisfies StatusMessage)
      if (state === 'restarted') events.log(`${service} died (${detail}); started again`)
    },
    onLog: (service, line) => events.log(`${service}: ${line}`),
    onNotice(_, name, payload) {
      if (name === 'tape-ended') events.onEnd(undefined)
      if (name === 'tape-broken') events.onEnd(new Error(String(payload)))
    },
    onLost(service, error) {
      const line = `${service} is gone: ${error.message}`
      const lost = dispensable[service]
      if (lost === undefined) events.onEnd(new Error(line))
      else events.log(`${line}; trading goes on without ${lost}`)
    },
  }
  const launch = (name: string, given: object, restartsMax: number): Thread => {
    if (isStopping) throw new TradingError('STATE_CORRUPT', `${name} was not started: stopping`)
    const file = new URL(`./thread/${name}.ts`, import.meta.url)
    const thread = startThread({ name, file, given, restartsMax }, listener)
    threads.push(thread)
    return thread
  }

  return {
    async start() {
      makeFolder(options.folder)
      if (options.cloud === 'emulated') {
        const [{ startStandInCloud }, { emulatedBus }] = await Promise.all([
          import('./cloud/stand-in.ts'),
          import('./cloud/emulated.ts'),
        ])
        cloud = await startStandInCloud(options.folder, events.log)
        bus = await emulatedBus(cloud.variables, 'local', events.log)
      } else {
        bus = openBus(busName)
      }
      const platform: PlatformGiven = {
        folder: options.folder,
        busName,
        ...(cloud && { cloud: cloud.variables }),
      }
      const venue = options.mode === 'live' ? liveVenue(options) : await startTwin(options, launch)
      const venueName = options.venue === 'aster' ? 'aster' : 'twin'
      const consoleGiven: ConsoleGiven = {
        ...platform,
        port: options.port,
        token: randomBytes(24).toString('base64url'),
        restUrl: venue.restUrl,
        venueName,
        symbols: venue.symbols,
        paperAccounts: options.mode === 'live' ? undefined : venue.accounts,
      }
      const page = (await launch('console', consoleGiven, consoleRestartsMax).ready) as ConsoleReady
      const inferenceGiven: InferenceGiven = { ...platform, port: await freePort() }
      inference = launch('inference', inferenceGiven, inferenceRestartsMax)
      // Paper orders go to the twin; liquidations of others are told where they happen.
      const { restUrl, streamUrl } = options.venue === 'aster' ? asterUrls() : venue
      const collectorGiven: CollectorGiven = {
        ...platform,
        restUrl,
        streamUrl,
        symbols: venue.symbols,
        source: venueName,
      }
      collector = launch('collector', collectorGiven, collectorRestartsMax)
      collector.ready.catch((error: Error) => {
        if (!isStopping) events.log(`collector does not run: ${error.message}`)
      })
      const executorGiven: ExecutorGiven = {
        ...platform,
        runId,
        isInvented: isInvented(options),
        // Every paper run has a new account; a live one is the same tomorrow.
        guardFile: join(
          options.folder,
          options.mode === 'live' ? 'live-guard.json' : join(runId, 'guard.json'),
        ),
        mode: options.mode,
        symbols: venue.symbols,
        strategies: options.strategies,
        equityQuote: options.equityQuote,
        restUrl: venue.restUrl,
        streamUrl: venue.streamUrl,
        accounts: venue.accounts,
        inferenceUrl: `http://127.0.0.1:${inferenceGiven.port}`,
      }
      executor = launch('executor', executorGiven, executorRestartsMax)
      await executor.ready
      return page.operatorUrl
    },
    async stop() {
      isStopping = true
      let summary: RunSummary | undefined
      const faults: Error[] = []
      for (const thread of [...threads].reverse()) {
        try {
          const result = await thread.stop()
          if (thread === executor) summary = result as RunSummary | undefined
        } catch (error) {
          // That one of these was lost has been said.
          if (thread !== inference && thread !== collector)
            faults.push(error instanceof Error ? error : new Error(String(error)))
        }
      }
      bus?.close()
      faults.push(...(await closeCloud(cloud, runId, summary, events)))
      if (summary) writeSummary(options.folder, summary)
      return { summary, faults }
    },
  }
}

/** Every fill of the run has to be in the emulated warehouse, once. */
async function closeCloud(
  cloud: StandInCloud | undefined,
  runId: string,
  summary: RunSummary | undefined,
  { log }: StackEvents,
): Promise<readonly Error[]> {
  if (!cloud) return []
  const { waitingRows, fills } = await cloud.settle(runId)
  await cloud.close()
  log(
    `emulated warehouse: ${fills} fills of this run stored through the bus, and gone with it; npm run sql has the runs without --cloud`,
  )
  const faults: Error[] = []
  if (waitingRows > 0) faults.push(new Error(`${waitingRows} rows never reached the warehouse`))
  if (summary && fills !== summary.fills)
    faults.push(new Error(`the warehouse has ${fills} of ${summary.fills} fills`))
  return faults
}

async function startTwin(
  options: RunOptions,
  launch: (name: string, given: object, restartsMax: number) => Thread,
): Promise<TwinReady> {
  const wantsHedge = options.strategies.includes('funding-carry')
  const hedge = wantsHedge && isInvented(options) ? Math.floor(options.equityQuote * hedgeShare) : 0
  const given: TwinGiven = {
    seed: options.seed,
    symbols: options.symbols ?? (options.tapes.length > 0 ? undefined : defaultSymbols),
    tapes: options.tapes,
    ...(options.venue === 'aster' ? { upstream: asterUrls() } : {}),
    walletQuote: { perp: options.equityQuote - hedge, hedge },
    fundingEverySeconds,
  }
  // An exchange that died has lost every account: there is nothing to start again.
  return (await launch('twin', given, 0).ready) as TwinReady
}

const isInvented = ({ tapes, venue }: RunOptions): boolean => tapes.length === 0 && venue === 'twin'

/** The venue's addresses; other ones serve tests and testnets. */
const asterUrls = () => ({
  restUrl: process.env.ASTER_REST_URL ?? aster.restUrl,
  streamUrl: process.env.ASTER_STREAM_URL ?? aster.streamUrl,
})

/**
 * Real money: needs the agent's key and a second switch.
 *
 * @throws TradingError LIVE_NOT_ALLOWED, CONFIG_INVALID
 */
function liveVenue(options: RunOptions): TwinReady {
  const secrets = openSecrets()
  let privateKey: string
  try {
    privateKey = secrets.get('ASTER_AGENT_KEY')
  } catch (cause) {
    throw new TradingError(
      'LIVE_NOT_ALLOWED',
      'live trading needs the key of an Aster agent in ASTER_AGENT_KEY (environment or .env); leave out --mode live to trade on paper',
      {},
      cause,
    )
  }
  if (process.env.ASTERAI_ALLOW_LIVE !== 'yes')
    throw new TradingError(
      'LIVE_NOT_ALLOWED',
      'live trading needs the second switch: set ASTERAI_ALLOW_LIVE=yes when you mean to trade real money',
    )
  return {
    ...asterUrls(),
    symbols: options.symbols ?? defaultSymbols,
    accounts: [{ name: 'live', privateKey }],
  }
}

/** A port that nobody listens at now, for a thread that must have the same one again after a restart. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

function writeSummary(folder: string, summary: RunSummary): void {
  const own = join(folder, summary.runId)
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
}
