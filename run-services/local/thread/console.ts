import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localSecrets, readableAccount } from '#functions/environment.ts'
import type { FunctionPorts } from '#functions/function-call.ts'
import { functionCaller } from '#functions/local.ts'
import { measureCall } from '#functions/measure.ts'
import { memoryScaling } from '#functions/memory-scaling.ts'
import { readSettings } from '#functions/settings.ts'
import { ensureConsoleBuilt } from '#services/console/build.ts'
import { localConsoleConfig } from '#services/console/config.ts'
import { readModelState } from '#services/console/model-feed.ts'
import { startConsole } from '#services/console/server.ts'
import { startCron } from '#shared/cloud/local/cron.ts'
import { receiveMetrics } from '#shared/cloud/local/metrics-relay.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import type { Secrets } from '#shared/cloud/port.ts'
import { openMeter } from '#shared/cloud/telemetry/meter.ts'
import { runThread } from '#shared/cloud/thread/body.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import { createBinancePublic } from '#shared/venue/binance/public.ts'
import { openMachinePlatform, type PlatformGiven } from '../cloud/platform.ts'

export type ConsoleGiven = PlatformGiven & {
  readonly port: number
  readonly token: string
  /** Where the functions read market data. */
  readonly restUrl: string
  readonly venueName: string
  /** What the run trades: the functions look after these. */
  readonly symbols: readonly string[]
  /** Paper accounts of the run; undefined when it trades real money. */
  readonly paperAccounts:
    | readonly { readonly name: string; readonly privateKey: string }[]
    | undefined
}

export type ConsoleReady = { readonly url: string; readonly operatorUrl: string }

/** Everything on one machine that is not trading: page, warehouse, schedules. */
await runThread<ConsoleGiven>(async (given, { log }) => {
  const runtime = createLocalRuntime()
  const assets = await ensureConsoleBuilt({ log })
  const { bus, blobs, ...platform } = await openMachinePlatform(given, 'console', runtime, log)
  const warehouse = await platform.openWarehouse()
  const meter = await openMeter({ service: 'local' })
  const stopReceiving = receiveMetrics(given.busName, meter.metrics)
  const caller = functionCaller(functionPorts(given, { runtime, bus, blobs, warehouse }))
  const measures = { clock: runtime.clock, metrics: meter.metrics }
  const callFunction: typeof caller = (name, ...rest) =>
    measureCall(name, measures, () => caller(name, ...rest))
  const call = (name: FunctionName, scheduledAtUs: Micros) => callFunction(name, scheduledAtUs)
  const cron = startCron({ bus, clock: runtime.clock, call })
  const server = await startConsole({
    bus,
    warehouse,
    clock: runtime.clock,
    timers: runtime.timers,
    config: localConsoleConfig(given.token),
    assets,
    functions: async (name, body) => {
      if (!Object.hasOwn(functions, name))
        throw new TradingError('OPTION_INVALID', `no function '${name}'`)
      return await callFunction(name as FunctionName, runtime.clock.nowUs(), body ?? {})
    },
    reports: blobs('reports'),
    metrics: meter.metrics,
    scrape: meter.scrape,
    readModel: () => readModelState(blobs('state'), blobs('models')),
    report: (error) => log(error instanceof Error ? error.message : String(error)),
    host: '127.0.0.1',
    port: given.port,
  })
  const address = { url: server.url.replace(/\/$/, ''), token: given.token }
  await writeFile(join(given.folder, 'console.json'), `${JSON.stringify(address)}\n`, {
    mode: 0o600,
  })
  // Candles and funding are there from the first minute on, not only after the first schedule.
  for (const name of ['ingest-candles', 'ingest-market', 'scan-funding'] as const)
    void cron.trigger(name)

  const payload: ConsoleReady = { url: server.url, operatorUrl: server.operatorUrl }
  return {
    payload,
    async stop() {
      await cron.stop()
      await server.close()
      const unwrittenRows = await warehouse.finish()
      await platform.close()
      stopReceiving()
      await meter.close()
      runtime.close()
      return { unwrittenRows }
    },
  }
})

/** What the functions of this machine use; the manifest limits each of them further. */
function functionPorts(
  given: ConsoleGiven,
  own: Pick<FunctionPorts, 'bus' | 'blobs' | 'warehouse'> & { readonly runtime: Runtime },
): FunctionPorts {
  const { runtime, ...platform } = own
  const isAster = given.venueName === 'aster'
  const reader = createAsterPublic(runtime, given.restUrl)
  const secrets = localSecrets()
  return {
    ...platform,
    venue: given.venueName,
    // An invented or recorded market is quoted nowhere else, and nobody counts its open interest.
    market: isAster ? reader : { ...reader, openInterest: undefined },
    secondMarket: isAster ? { source: 'binance', ...createBinancePublic(runtime) } : undefined,
    clock: runtime.clock,
    http: runtime.http,
    secrets,
    scaling: memoryScaling(),
    training: undefined,
    catalog: undefined,
    accounts: accountsOf(given, runtime, secrets),
    settings: { ...readSettings(process.env), symbols: given.symbols },
    openedUs: runtime.clock.nowUs(),
  }
}

/** Paper accounts by their own keys; the real one only by a key that can do nothing but read. */
function accountsOf(
  { paperAccounts, restUrl }: ConsoleGiven,
  runtime: Runtime,
  secrets: Secrets,
): FunctionPorts['accounts'] {
  if (paperAccounts)
    return () =>
      paperAccounts.map(({ name, privateKey }) =>
        readableAccount(runtime, restUrl, name, privateKey),
      )
  try {
    const key = secrets.get('aster-reader-key')
    return () => [readableAccount(runtime, restUrl, 'live', key)]
  } catch (error) {
    if (error instanceof TradingError && error.code === 'CONFIG_INVALID') return undefined
    throw error
  }
}
