import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { TradingError } from '#shared/kernel/error.ts'

/** A fake of a Google service. `host` is `127.0.0.1:<port>`. */
export type RunningServer = { readonly host: string; close(): Promise<void> }

export type ServedService = {
  /** Full name, as in `google.pubsub.v1.Publisher`. */
  readonly name: string
  /** Methods by their name in the .proto file, first letter small. What is missing answers UNIMPLEMENTED. */
  readonly methods: UntypedServiceImplementation
}

export type ProtoSource = {
  /** Package of Google's that ships the file. */
  readonly package: string
  readonly files: readonly string[]
}

/** Answer of a method that fails, as gRPC wants it. */
export type GrpcFault = { readonly code: status; readonly details: string }

const findPackage = createRequire(import.meta.url)

/** The folder of .proto files that a package of Google's ships. Its package.json is not exported, hence the search. */
function protoFolder(packageName: string): string {
  const entry = findPackage.resolve(packageName)
  const root = entry.slice(0, entry.lastIndexOf(`${sep}build${sep}`))
  return join(root, 'build', 'protos')
}

/**
 * Serves services from Google's own .proto files on this machine, without encryption.
 *
 * @param port - 0 takes a free one
 * @throws TradingError PORT_TAKEN
 */
export async function serveGrpc(
  source: ProtoSource,
  services: readonly ServedService[],
  port = 0,
): Promise<RunningServer> {
  const definition = loadSync([...source.files, 'google/longrunning/operations.proto'], {
    includeDirs: [protoFolder(source.package), protoFolder('google-gax')],
    longs: String,
    enums: String,
    defaults: false,
    oneofs: false,
  })
  const root = loadPackageDefinition(definition)
  const server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 })
  for (const { name, methods } of services) server.addService(serviceNamed(root, name), methods)
  const bound = await bind(server, port)
  return {
    host: `127.0.0.1:${bound}`,
    // Streams stay open for good, so waiting for them would never end.
    close: async () => server.forceShutdown(),
  }
}

function serviceNamed(root: GrpcObject, name: string) {
  let found: unknown = root
  for (const part of name.split('.')) found = (found as GrpcObject)[part]
  return (found as ServiceClientConstructor).service
}

const bind = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(new TradingError('PORT_TAKEN', `port ${port} is taken`, { port }, error))
    })
  })

type Unary<Request, Reply> = (
  call: { readonly request: Request },
  callback: (fault: GrpcFault | null, reply?: Reply) => void,
) => void

/** A method of one request and one answer; a thrown {@link GrpcFault} is answered as such. */
export function unary<Request, Reply>(
  answer: (request: Request) => Reply | Promise<Reply>,
): Unary<Request, Reply> {
  return (call, callback) => {
    void (async () => answer(call.request))().then(
      (reply) => callback(null, reply),
      (cause: unknown) =>
        callback(
          isGrpcFault(cause) ? cause : { code: 13, details: (cause as Error).message ?? 'failed' },
        ),
    )
  }
}

const isGrpcFault = (cause: unknown): cause is GrpcFault =>
  typeof cause === 'object' && cause !== null && 'code' in cause && 'details' in cause
