import { randomUUID } from 'node:crypto'
import { type RunningServer, serveGrpc, unary } from './grpc-server.ts'

export type WireScaling = {
  readonly minInstanceCount?: number
  readonly maxInstanceCount?: number
  readonly scalingMode?: string
  readonly manualInstanceCount?: number
}

type WireService = { readonly name: string; readonly etag: string; readonly scaling: WireScaling }

type UpdateRequest = {
  readonly service: Partial<WireService> & { readonly name: string }
  readonly updateMask?: { readonly paths?: readonly string[] }
}

export type RunEmulator = RunningServer & {
  /** @returns undefined when there is no such service */
  scaling(service: string): WireScaling | undefined
  /** Changes that were taken, in order: service and mask. */
  updates(): readonly { readonly service: string; readonly paths: readonly string[] }[]
  /** While true, changes are taken and their operations never end. */
  holdOperations(isHeld: boolean): void
}

const serviceType = 'type.googleapis.com/google.cloud.run.v2.Service'

/**
 * The admin interface of Cloud Run on this machine over gRPC: reading services and changing their scaling.
 *
 * @param services - name and scaling of each service; asking for another one is NOT_FOUND
 * @throws TradingError PORT_TAKEN
 */
export async function startRunEmulator(
  services: Readonly<Record<string, WireScaling>>,
  port = 0,
): Promise<RunEmulator> {
  const known = new Map<string, { scaling: WireScaling; etag: string }>(
    Object.entries(services).map(([name, scaling]) => [name, { scaling, etag: randomUUID() }]),
  )
  const updates: { service: string; paths: readonly string[] }[] = []
  let isHeld = false

  const find = (name: string) => {
    const service = name.split('/').at(-1) ?? ''
    const found = known.get(service)
    if (found === undefined) throw { code: 5, details: `no service ${name}` }
    return { service, found }
  }

  const getService = unary(({ name }: { readonly name: string }) => {
    const { found } = find(name)
    return { name, ...found }
  })

  const updateService = unary(({ service: change, updateMask }: UpdateRequest) => {
    const { service, found } = find(change.name)
    const paths = updateMask?.paths ?? []
    if (paths.length !== 1 || paths[0] !== 'scaling')
      throw { code: 12, details: `an update of '${paths.join(',')}' is not emulated` }
    if (change.etag && change.etag !== found.etag)
      throw { code: 10, details: `${change.name} was changed in between` }
    found.scaling = change.scaling ?? {}
    found.etag = randomUUID()
    updates.push({ service, paths })
    const operation = { name: `${change.name}/operations/${randomUUID()}` }
    if (isHeld) return { ...operation, done: false }
    return {
      ...operation,
      done: true,
      response: { '@type': serviceType, name: change.name, ...found },
    }
  })

  const server = await serveGrpc(
    { package: '@google-cloud/run', files: ['google/cloud/run/v2/service.proto'] },
    [
      { name: 'google.cloud.run.v2.Services', methods: { getService, updateService } },
      {
        name: 'google.longrunning.Operations',
        // A finished operation was answered as finished, so only held ones are asked for.
        methods: { getOperation: unary(({ name }: { name: string }) => ({ name, done: false })) },
      },
    ],
    port,
  )
  return {
    ...server,
    scaling: (service) => known.get(service)?.scaling,
    updates: () => updates,
    holdOperations(hold) {
      isHeld = hold
    },
  }
}
