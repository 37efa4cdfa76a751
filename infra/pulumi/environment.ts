import type * as pulumi from '@pulumi/pulumi'
import type { Access } from '#shared/cloud/manifest/access.ts'
import { datasetName } from './bigquery.ts'
import { type Place, runUrl } from './place.ts'
import { secretVersionsText } from './secrets.ts'

export type Variables = Readonly<Record<string, pulumi.Input<string> | undefined>>

/** What every process of ours reads. Secrets are named with a version, never handed over as variables. */
export function commonVariables(place: Place, service: string, access: Access): Variables {
  const { config } = place
  // Who scales the model server or trains works where the GPU is.
  const isAtGpu = access.scales.length > 0 || access.trains
  return {
    ASTERAI_PLATFORM: 'gcp',
    ASTERAI_SERVICE: service,
    GOOGLE_CLOUD_PROJECT: config.projectId,
    ASTERAI_REGION: isAtGpu ? config.gpuRegion : config.region,
    ASTERAI_DATASET: datasetName,
    ASTERAI_BUCKET_PREFIX: config.projectId,
    ASTERAI_SECRET_VERSIONS: secretVersionsText(place, access.secrets),
    ASTERAI_SYMBOLS: config.symbols.join(','),
    ASTERAI_MODE: config.mode,
  }
}

/** The collector in the container beside. */
const telemetryUrl = 'http://localhost:4318'

/** What a service reads besides. */
export function serviceVariables(place: Place, service: string): Variables {
  const { config } = place
  const own: Readonly<Record<string, Variables>> = {
    executor: {
      ASTERAI_ALLOW_LIVE: config.mode === 'live' ? config.allowLive : undefined,
      ASTERAI_STRATEGIES: config.strategies.join(','),
      ASTERAI_EQUITY: String(config.equityUsdt),
      INFERENCE_URL: runUrl(place, 'inference', config.gpuRegion),
      OTLP_URL: telemetryUrl,
    },
    collector: { COLLECTOR_SYMBOLS: config.symbols.join(','), OTLP_URL: telemetryUrl },
    inference: { INFERENCE_PROVIDER: 'cuda', OTLP_URL: telemetryUrl },
    console: {
      CONSOLE_IAP_AUDIENCE: `/projects/${config.projectNumber}/locations/${config.region}/services/console`,
      CONSOLE_HOSTS: new URL(runUrl(place, 'console')).host,
      CONSOLE_ADMINS: config.consoleAdmins.join(','),
      CONSOLE_OPERATORS: config.consoleOperators.join(','),
      CONSOLE_VIEWERS: config.consoleViewers.join(','),
      CONSOLE_ALLOWED_ADDRESSES: config.consoleAddresses.join(','),
      ASTERAI_FUNCTION_URL: runUrl(place, '{name}'),
      OTLP_URL: telemetryUrl,
    },
  }
  return own[service] ?? {}
}

/** What a function reads besides. */
export function functionVariables({ config }: Place, name: string, training: Variables): Variables {
  const own: Readonly<Record<string, Variables>> = {
    'guard-spend': {
      GPU_HOURS_PER_DAY_MAX: String(config.gpuHoursPerDayMax),
      GPU_HOURS_PER_MONTH_MAX: String(config.gpuHoursPerMonthMax),
      GPU_WINDOW_UTC: config.gpuWindowUtc,
    },
    'start-training': training,
    'promote-model': training,
  }
  return own[name] ?? {}
}

/** As Cloud Run wants them, without those that are unset or empty. */
export const asEnvs = (variables: Variables) =>
  Object.entries(variables).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name, value }],
  )

/** As functions want them. */
export const asRecord = (variables: Variables): Record<string, pulumi.Input<string>> =>
  Object.fromEntries(asEnvs(variables).map(({ name, value }) => [name, value]))
