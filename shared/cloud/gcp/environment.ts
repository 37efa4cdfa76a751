import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { type SecretName, secrets } from '../manifest/secret.ts'

/** Emulators by service as `host:port` or URL. An absent one means Google's own. */
export type GcpEndpoints = {
  readonly pubsub?: string
  readonly bigquery?: string
  /** The emulator of BigQuery serves its write interface on a second port. */
  readonly bigqueryStorage?: string
  readonly storage?: string
  readonly secretManager?: string
  readonly run?: string
  readonly vertex?: string
}

/** Where a process of ours finds its project. */
export type GcpEnvironment = {
  /** Name of this service or function in the manifest. */
  readonly service: string
  readonly projectId: string
  readonly region: string
  readonly dataset: string
  readonly bucketPrefix: string
  readonly secretVersions: Readonly<Partial<Record<SecretName, number>>>
  readonly training: TrainingEnvironment
  readonly endpoints: GcpEndpoints
}

export type TrainingEnvironment = {
  /** Identity that training jobs run as. */
  readonly serviceAccount?: string
  /** Resource name of the TensorBoard that jobs write to. */
  readonly tensorboard?: string
  /** Image that serves a catalogued model. */
  readonly servingImage?: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** Variable that holds the address of each emulator; those of Pub/Sub, BigQuery and Storage are named by Google's clients. */
const endpointVariables = {
  pubsub: 'PUBSUB_EMULATOR_HOST',
  bigquery: 'BIGQUERY_EMULATOR_HOST',
  bigqueryStorage: 'BIGQUERY_STORAGE_EMULATOR_HOST',
  storage: 'STORAGE_EMULATOR_HOST',
  secretManager: 'SECRET_MANAGER_EMULATOR_HOST',
  run: 'RUN_EMULATOR_HOST',
  vertex: 'VERTEX_EMULATOR_HOST',
} as const satisfies Record<keyof GcpEndpoints, string>

/**
 * Reads where we are in the cloud.
 *
 * `ASTERAI_SERVICE`, `GOOGLE_CLOUD_PROJECT` and `ASTERAI_REGION` are needed; `ASTERAI_DATASET` (default `asterai`),
 * `ASTERAI_BUCKET_PREFIX` (default the project), `ASTERAI_SECRET_VERSIONS` (`name=3,other=1`),
 * `ASTERAI_TRAINING_SERVICE_ACCOUNT`, `ASTERAI_TENSORBOARD`, `ASTERAI_SERVING_IMAGE` and the addresses of emulators are not.
 *
 * @throws TradingError CONFIG_INVALID naming the variable
 */
export function readGcpEnvironment(variables: Variables): GcpEnvironment {
  const projectId = required(variables, 'GOOGLE_CLOUD_PROJECT', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
  return {
    service: required(variables, 'ASTERAI_SERVICE', /^[a-z][a-z0-9-]*$/),
    projectId,
    region: required(variables, 'ASTERAI_REGION', /^[a-z]+-[a-z]+\d+$/),
    dataset: matching('ASTERAI_DATASET', variables.ASTERAI_DATASET || 'asterai', /^[a-z]\w*$/),
    bucketPrefix: matching(
      'ASTERAI_BUCKET_PREFIX',
      variables.ASTERAI_BUCKET_PREFIX || projectId,
      /^[a-z0-9][a-z0-9-]*$/,
    ),
    secretVersions: readSecretVersions(variables.ASTERAI_SECRET_VERSIONS ?? ''),
    training: present({
      serviceAccount: variables.ASTERAI_TRAINING_SERVICE_ACCOUNT,
      tensorboard: variables.ASTERAI_TENSORBOARD,
      servingImage: variables.ASTERAI_SERVING_IMAGE,
    }),
    endpoints: present(
      Object.fromEntries(
        Object.entries(endpointVariables).map(([service, name]) => [service, variables[name]]),
      ),
    ),
  }
}

/** The address of an emulator as host and port. @throws TradingError CONFIG_INVALID */
export function splitEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const match = /^(?:https?:\/\/)?([\w.-]+):(\d{1,5})\/?$/.exec(endpoint)
  if (!match?.[1] || !match[2])
    throw new TradingError(
      'CONFIG_INVALID',
      `'${endpoint}' is no address of an emulator; write host:port, as in 127.0.0.1:8085`,
    )
  return { host: match[1], port: Number(match[2]) }
}

/** The address of an emulator that speaks HTTP. @throws TradingError CONFIG_INVALID */
export function endpointUrl(endpoint: string): string {
  const { host, port } = splitEndpoint(endpoint)
  return `http://${host}:${port}`
}

function required(variables: Variables, name: string, pattern: RegExp): string {
  const value = variables[name]
  if (!value)
    throw new TradingError(
      'CONFIG_INVALID',
      `${name} is not set; the infrastructure program sets it on every service and function`,
      { name },
    )
  return matching(name, value, pattern)
}

function matching(name: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value
  throw new TradingError(
    'CONFIG_INVALID',
    `${name} is '${value}', which does not match ${pattern.source}`,
    { name },
  )
}

/** `latest` is refused: a new version must reach production by a deployment, not by itself. */
function readSecretVersions(text: string): Partial<Record<SecretName, number>> {
  const versions: Partial<Record<SecretName, number>> = {}
  for (const part of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', version = ''] = part.split('=').map((side) => side.trim())
    if (!Object.hasOwn(secrets, name))
      throw new TradingError(
        'CONFIG_INVALID',
        `ASTERAI_SECRET_VERSIONS names '${name}', which is no secret of the manifest${didYouMean(name)}`,
      )
    if (!/^[1-9]\d{0,8}$/.test(version))
      throw new TradingError(
        'CONFIG_INVALID',
        `ASTERAI_SECRET_VERSIONS gives '${version}' for ${name}; pin a version number, as in ${name}=3`,
      )
    versions[name as SecretName] = Number(version)
  }
  return versions
}

function didYouMean(name: string): string {
  const closest = suggest(name, Object.keys(secrets))
  return closest === undefined ? '' : `; did you mean ${closest}?`
}

/** Without the entries that are unset or empty. */
const present = <T extends Record<string, string | undefined>>(entries: T) =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value)) as {
    readonly [K in keyof T]?: string
  }
