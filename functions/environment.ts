import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import type { FunctionPorts } from './function-call.ts'

type OpenPorts = FunctionPorts & { close(): Promise<void> }

let opened: Promise<OpenPorts> | undefined

/**
 * Ports of functions that run as their own process, opened once, from the environment:
 * `ASTER_REST_URL` (default the venue itself) and `WAREHOUSE_FILE` (default `run/warehouse.duckdb`).
 *
 * @throws TradingError WAREHOUSE_BUSY when another process has the file open; the next call tries again
 */
export async function openPortsFromEnvironment(): Promise<FunctionPorts> {
  opened ??= open()
  try {
    return await opened
  } catch (error) {
    opened = undefined
    throw error
  }
}

/** Lets go of the warehouse file and of kept connections. */
export async function closePorts(): Promise<void> {
  const closing = opened
  opened = undefined
  await (await closing)?.close()
}

async function open(): Promise<OpenPorts> {
  const warehouse = await openWarehouse(process.env.WAREHOUSE_FILE ?? 'run/warehouse.duckdb')
  const runtime = createLocalRuntime()
  return {
    market: createAsterPublic(runtime, process.env.ASTER_REST_URL ?? 'https://fapi.asterdex.com'),
    venue: 'aster',
    warehouse,
    clock: runtime.clock,
    async close() {
      runtime.close()
      await warehouse.close()
    },
  }
}
