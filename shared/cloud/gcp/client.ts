import type { ChannelCredentials } from '@grpc/grpc-js'
import { splitEndpoint } from './environment.ts'

export type GrpcClientOptions = {
  readonly projectId: string
  readonly apiEndpoint?: string
  readonly port?: number
  readonly sslCreds?: ChannelCredentials
}

/**
 * Options of a gRPC client of Google's: their own endpoint, or an emulator without encryption and login.
 *
 * @param endpoint - address of an emulator
 * @param official - host of the real service, where it is not the client's default
 */
export async function clientOptions(
  projectId: string,
  endpoint: string | undefined,
  official?: string,
): Promise<GrpcClientOptions> {
  if (endpoint === undefined)
    return official === undefined ? { projectId } : { projectId, apiEndpoint: official }
  const { host, port } = splitEndpoint(endpoint)
  const { credentials } = await import('@grpc/grpc-js')
  return { projectId, apiEndpoint: host, port, sslCreds: credentials.createInsecure() }
}
