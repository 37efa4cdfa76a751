import { type RunningServer, serveGrpc, unary } from './grpc-server.ts'

export type SecretEmulator = RunningServer & {
  /** Adds a version. @returns its number, 1 for the first */
  add(name: string, value: string): number
  /** Names of the versions that were read, in order. */
  accessed(): readonly string[]
}

/**
 * Secret Manager on this machine over gRPC: reading a version.
 *
 * @param values - the first version of each secret
 * @throws TradingError PORT_TAKEN
 */
export async function startSecretEmulator(
  values: Readonly<Record<string, string>> = {},
  port = 0,
): Promise<SecretEmulator> {
  const versions = new Map<string, string[]>()
  const accessed: string[] = []

  const add = (name: string, value: string) => {
    const known = versions.get(name) ?? []
    versions.set(name, known)
    return known.push(value)
  }
  for (const [name, value] of Object.entries(values)) add(name, value)

  const accessSecretVersion = unary(({ name }: { readonly name: string }) => {
    const [, secret = '', version = ''] = /\/secrets\/([^/]+)\/versions\/([^/]+)$/.exec(name) ?? []
    const known = versions.get(secret) ?? []
    const value = version === 'latest' ? known.at(-1) : known[Number(version) - 1]
    if (value === undefined) throw { code: 5, details: `no secret version ${name}` }
    accessed.push(name)
    return { name, payload: { data: Buffer.from(value) } }
  })

  const server = await serveGrpc(
    {
      package: '@google-cloud/secret-manager',
      files: ['google/cloud/secretmanager/v1/service.proto'],
    },
    [
      {
        name: 'google.cloud.secretmanager.v1.SecretManagerService',
        methods: { accessSecretVersion },
      },
    ],
    port,
  )
  return { ...server, add, accessed: () => accessed }
}
