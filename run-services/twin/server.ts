import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { TradingError } from '#shared/kernel/error.ts'
import { createTwin, type Twin, type TwinOptions } from './app.ts'
import type { TwinReply } from './respond.ts'

export type TwinServer = {
  /** `http://host:port`. */
  readonly url: string
  /** `ws://host:port`. */
  readonly wsUrl: string
  readonly port: number
  readonly twin: Twin
  close(): Promise<void>
}

const advanceEveryMs = 5
const pingEveryMs = 300_000
const bodyBytesMax = 1_000_000
const unsentBytesMax = 16_000_000

/**
 * Puts a twin on a port and lets it run on its clock.
 *
 * @param options.port - 0 takes a free one
 * @throws TradingError PORT_TAKEN
 */
export async function startTwinServer(
  options: TwinOptions & { readonly port: number; readonly host?: string },
): Promise<TwinServer> {
  const { port, host = '127.0.0.1', clock } = options
  const twin = createTwin(options)
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => serve(twin, { request, response, body }),
      (error: Error) => response.destroy(error),
    )
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    accept(twin, sockets, { request, socket, head })
  })
  await listen(server, port, host)

  const advancing = setInterval(() => twin.advance(clock.nowUs()), advanceEveryMs)
  const pinging = setInterval(() => {
    for (const client of sockets.clients) client.ping()
  }, pingEveryMs)
  const taken = (server.address() as AddressInfo).port
  return {
    url: `http://${host}:${taken}`,
    wsUrl: `ws://${host}:${taken}`,
    port: taken,
    twin,
    close: async () => {
      clearInterval(advancing)
      clearInterval(pinging)
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: ReturnType<typeof createServer>, port: number, host: string) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const hint = `port ${port} on ${host} cannot be used (${cause.message}); choose another port`
      reject(new TradingError('PORT_TAKEN', hint, { port, host }, cause))
    })
    server.listen(port, host, resolve)
  })
}

/** A fault of the twin itself is not caught: it ends the process. */
function serve(
  twin: Twin,
  exchange: { request: IncomingMessage; response: ServerResponse; body: string },
): void {
  const { request, response, body } = exchange
  const reply = twin.handleHttp({
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    body,
    headers: request.headers as Record<string, string>,
    ip: request.socket.remoteAddress ?? '',
  })
  if (reply === 'drop') response.destroy()
  else if (reply.delayUs === 0) send(response, reply)
  else setTimeout(() => send(response, reply), reply.delayUs / 1_000)
}

function send(response: ServerResponse, { status, headers, body }: TwinReply): void {
  response.writeHead(status, headers).end(body)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new TradingError('OPTION_INVALID', 'request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function accept(
  twin: Twin,
  sockets: WebSocketServer,
  upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const { request, socket, head } = upgrade
  const path = request.url ?? '/'
  if (!path.startsWith('/ws') && !path.startsWith('/stream')) {
    socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    return
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    connect(twin, client, path)
  })
}

function connect(twin: Twin, client: WebSocket, path: string): void {
  const stream = twin.openStream(
    path,
    (text) => {
      // A reader that falls this far behind would get stale books only; the venue cuts it off too.
      if (client.bufferedAmount > unsentBytesMax) client.terminate()
      else if (client.readyState === client.OPEN) client.send(text)
    },
    (code, reason) => client.close(code, reason),
  )
  client.on('message', (bytes) => stream.receive(bytes.toString()))
  client.on('close', () => stream.closed())
  client.on('error', () => client.terminate())
}
