import { TradingError } from '#shared/kernel/error.ts'
import { secrets as declared, type SecretName } from '../manifest/secret.ts'
import type { Secrets } from '../port.ts'
import { clientOptions } from './client.ts'
import { platformFault } from './fault.ts'

export type GcpSecretsOptions = {
  readonly projectId: string
  /** Name of each secret to load, with its pinned version. */
  readonly versions: Readonly<Record<string, number>>
  /** Address of an emulator. */
  readonly endpoint?: string | undefined
}

/**
 * Secrets of Secret Manager, each in the version that was deployed, read once.
 *
 * A secret is found by its name in the manifest, or by the variable that holds it on one machine. Values live in a
 * closure: printing or serialising the result shows none of them.
 *
 * @throws TradingError CONFIG_INVALID when a version is not a positive whole number: `latest` is not deployed
 * @throws TradingError PLATFORM_UNREACHABLE, PLATFORM_REFUSED naming the secret
 */
export async function openGcpSecrets(options: GcpSecretsOptions): Promise<Secrets> {
  const { projectId, versions, endpoint } = options
  for (const [name, version] of Object.entries(versions)) checkVersion(name, version)
  const values = await readVersions(projectId, versions, endpoint)
  return {
    get(name) {
      const value = values.get(name) ?? values.get(nameOfVariable(name) ?? '')
      if (!value)
        throw new TradingError(
          'CONFIG_INVALID',
          `secret ${name} is not set; add a version in Secret Manager and pin it in the stack's configuration`,
          { name },
        )
      return value
    },
  }
}

async function readVersions(
  projectId: string,
  versions: Readonly<Record<string, number>>,
  endpoint: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  // A process without secrets never loads the client.
  if (Object.keys(versions).length === 0) return new Map()
  const { SecretManagerServiceClient } = await import('@google-cloud/secret-manager')
  const client = new SecretManagerServiceClient(await clientOptions(projectId, endpoint))
  const read = async ([name, version]: [string, number]): Promise<[string, string]> => {
    const path = `projects/${projectId}/secrets/${name}/versions/${version}`
    try {
      const [{ payload }] = await client.accessSecretVersion({ name: path })
      return [name, Buffer.from(payload?.data ?? '').toString('utf8')]
    } catch (cause) {
      throw platformFault(cause, `version ${version} of secret ${name}`)
    }
  }
  try {
    return new Map(await Promise.all(Object.entries(versions).map(read)))
  } finally {
    await client.close()
  }
}

function checkVersion(name: string, version: unknown): void {
  if (Number.isSafeInteger(version) && (version as number) > 0) return
  throw new TradingError(
    'CONFIG_INVALID',
    `secret ${name} has version '${String(version)}'; pin a version number, so that a new value needs a deployment`,
    { name },
  )
}

const nameOfVariable = (variable: string): string | undefined =>
  (Object.keys(declared) as SecretName[]).find((name) => declared[name].variable === variable)
