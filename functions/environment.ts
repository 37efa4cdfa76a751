import { join } from 'node:path'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openSecrets } from '#shared/cloud/local/secrets.ts'
import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import { secrets as secretSpecs } from '#shared/cloud/manifest/secret.ts'
import type { Secrets } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { createAccountReader } from '#shared/venue/aster/account-reader.ts'
import { createRateBudget } from '#shared/venue/aster/budget.ts'
import { createNonceSource } from '#shared/venue/aster/nonce.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import { createRest } from '#shared/venue/aster/rest.ts'
import { createSigner } from '#shared/venue/aster/sign.ts'
import { createBinancePublic } from '#shared/venue/binance/public.ts'
import type { FunctionPorts, ReadableAccount } from './function-call.ts'
import { memoryScaling } from './memory-scaling.ts'
import { readSettings } from './settings.ts'

type OpenPorts = FunctionPorts & { close(): Promise<void> }

const asterRestUrl = 'https://fapi.asterdex.com'
const mainnetChainId = 1666

let opened: Promise<OpenPorts> | undefined

/**
 * Ports of functions that run as their own process, opened once, from the environment.
 *
 * `ASTERAI_PLATFORM=local` (default) is one machine: `WAREHOUSE_FILE` (default `run/warehouse.duckdb`), blobs beside
 * it. `ASTERAI_PLATFORM=gcp` is Google Cloud, see shared/cloud/gcp/environment.ts. Both: `ASTER_REST_URL`,
 * `BINANCE_REST_URL`, and the variables of {@link readSettings}.
 *
 * @throws TradingError CONFIG_INVALID naming the variable
 * @throws TradingError WAREHOUSE_BUSY when another process has the file open; the next call tries again
 */
export async function openPortsFromEnvironment(name: FunctionName): Promise<FunctionPorts> {
  opened ??= open(name)
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

async function open(name: FunctionName): Promise<OpenPorts> {
  const platform = process.env.ASTERAI_PLATFORM ?? 'local'
  if (platform === 'local') return await openLocal()
  if (platform === 'gcp') {
    const { openGcpPorts } = await import('./environment-gcp.ts')
    return await openGcpPorts(name, process.env)
  }
  throw new TradingError(
    'CONFIG_INVALID',
    `ASTERAI_PLATFORM: '${platform}' is neither local nor gcp`,
  )
}

async function openLocal(): Promise<OpenPorts> {
  const { openWarehouse } = await import('#shared/cloud/local/warehouse.ts')
  const file = process.env.WAREHOUSE_FILE ?? 'run/warehouse.duckdb'
  const warehouse = await openWarehouse(file)
  const runtime = createLocalRuntime()
  const bus = openBus('asterai-functions')
  const secrets = localSecrets()
  return {
    ...venuePorts(runtime, process.env, secrets),
    warehouse,
    clock: runtime.clock,
    http: runtime.http,
    bus,
    blobs: (bucket) => openBlobs(join(file, '..', 'blobs', bucket)),
    secrets,
    scaling: memoryScaling(),
    training: undefined,
    catalog: undefined,
    settings: readSettings(process.env),
    openedUs: undefined,
    async close() {
      bus.close()
      runtime.close()
      await warehouse.close()
    },
  }
}

/** Secrets under the names of the manifest; on one machine each is an environment variable. */
export function localSecrets(): Secrets {
  const values = openSecrets()
  const variables: Readonly<Record<string, { readonly variable: string }>> = secretSpecs
  return { get: (name) => values.get(variables[name]?.variable ?? name) }
}

/** What reaches venues: both market sources, and the live account for reading when there is a key. */
export function venuePorts(
  runtime: Runtime,
  environment: Readonly<Record<string, string | undefined>>,
  secrets: Secrets,
): Pick<FunctionPorts, 'market' | 'secondMarket' | 'venue' | 'accounts'> {
  const restUrl = environment.ASTER_REST_URL ?? asterRestUrl
  const isLive = environment.ASTERAI_MODE === 'live'
  return {
    venue: 'aster',
    market: createAsterPublic(runtime, restUrl),
    secondMarket: {
      source: 'binance',
      ...createBinancePublic(runtime, environment.BINANCE_REST_URL),
    },
    // Paper accounts live inside the executor: nobody else can read them.
    accounts: isLive
      ? () => [readableAccount(runtime, restUrl, 'live', secrets.get('aster-reader-key'))]
      : undefined,
  }
}

/** The account that a key may read. */
export function readableAccount(
  runtime: Runtime,
  restUrl: string,
  name: string,
  privateKeyHex: string,
): ReadableAccount {
  const rest = createRest({
    runtime,
    restUrl,
    budget: createRateBudget(runtime.clock),
    nonces: createNonceSource(runtime.clock),
    signer: createSigner({ privateKeyHex, chainId: mainnetChainId }),
    onFault: () => {},
  })
  return { name, asset: 'USDT', reader: createAccountReader(rest, 'USDT') }
}
