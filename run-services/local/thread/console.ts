import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FunctionPorts } from '#functions/function-call.ts'
import { functionCaller } from '#functions/local.ts'
import { ensureConsoleBuilt } from '#services/console/build.ts'
import { startConsole } from '#services/console/server.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { startCron } from '#shared/cloud/local/cron.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { feedWarehouse } from '#shared/cloud/local/warehouse-feed.ts'
import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import { runThread } from './protocol.ts'

export type ConsoleGiven = {
  readonly folder: string
  readonly busName: string
  readonly port: number
  readonly token: string
  /** Where the functions read market data. */
  readonly restUrl: string
  readonly venueName: string
  /** What the run trades: the functions look after these. */
  readonly symbols: readonly string[]
}

export type ConsoleReady = { readonly url: string; readonly operatorUrl: string }

/** Everything on one machine that is not trading: page, warehouse, schedules. */
await runThread<ConsoleGiven>(async (given, { log }) => {
  const runtime = createLocalRuntime()
  const assets = await ensureConsoleBuilt({ log })
  const bus = openBus(given.busName)
  const warehouse = await openWarehouse(join(given.folder, 'warehouse.duckdb'))
  const feed = feedWarehouse(bus, warehouse, {
    timers: runtime.timers,
    onFailure: ({ table, rows, error, willRetry }) =>
      log(`${rows.length} rows of ${table} not stored${willRetry ? ' yet' : ''}: ${error.message}`),
  })
  const ports: FunctionPorts = {
    market: createAsterPublic(runtime, given.restUrl),
    venue: given.venueName,
    warehouse,
    clock: runtime.clock,
  }
  const callFunction = functionCaller(ports)
  const call = (name: FunctionName, scheduledAtUs: Micros) =>
    callFunction(name, scheduledAtUs, { symbols: given.symbols })
  const cron = startCron({ bus, clock: runtime.clock, call })
  const server = await startConsole({
    bus,
    warehouse,
    clock: runtime.clock,
    timers: runtime.timers,
    token: given.token,
    assets,
    functions: async (name, body) => {
      if (!Object.hasOwn(functions, name))
        throw new TradingError('OPTION_INVALID', `no function '${name}'`)
      const asked = body !== null && typeof body === 'object' && Object.keys(body).length > 0
      return await callFunction(
        name as FunctionName,
        runtime.clock.nowUs(),
        asked ? body : { symbols: given.symbols },
      )
    },
    report: (error) => log(error instanceof Error ? error.message : String(error)),
    host: '127.0.0.1',
    port: given.port,
  })
  const address = { url: server.url.replace(/\/$/, ''), token: given.token }
  await writeFile(join(given.folder, 'console.json'), `${JSON.stringify(address)}\n`, {
    mode: 0o600,
  })
  // Candles and funding are there from the first minute on, not only after the first schedule.
  for (const name of Object.keys(functions) as FunctionName[]) void cron.trigger(name)

  const payload: ConsoleReady = { url: server.url, operatorUrl: server.operatorUrl }
  return {
    payload,
    async stop() {
      await cron.stop()
      await server.close()
      const { waiting } = await feed.stop()
      await warehouse.close()
      bus.close()
      runtime.close()
      return { unwrittenRows: waiting }
    },
  }
})
