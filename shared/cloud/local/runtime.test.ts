import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createLocalRuntime, createWallClock, type LocalRuntime } from './runtime.ts'

const cleanups: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function localRuntime(options = {}): LocalRuntime {
  const runtime = createLocalRuntime(options)
  cleanups.push(() => runtime.close())
  return runtime
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function serve(answer: Answer) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}` }
}

const timeoutUs = 5_000_000

test('a request goes out byte for byte and the reply comes back with lower case headers', async () => {
  const { url } = await serve((request, response, body) => {
    response.setHeader('X-MBX-USED-WEIGHT-1M', '7')
    response.statusCode = 418
    response.end(JSON.stringify([request.method, request.url, body, request.headers.accept]))
  })
  const { http } = localRuntime()
  const reply = await http({
    method: 'POST',
    url: `${url}/a?b=%5B1%2C2%5D&c=x+y`,
    body: 'd=ü%20&e=1',
    headers: { accept: 'me' },
    timeoutUs,
  })
  expect(reply.status).toBe(418)
  expect(reply.headers['x-mbx-used-weight-1m']).toBe('7')
  expect(JSON.parse(reply.body)).toEqual(['POST', '/a?b=%5B1%2C2%5D&c=x+y', 'd=ü%20&e=1', 'me'])
})

test('the connection is kept from one request to the next', async () => {
  const ports = new Set<number | undefined>()
  const { url } = await serve((request, response) => {
    ports.add(request.socket.remotePort)
    response.end('{}')
  })
  const { http } = localRuntime()
  for (let n = 0; n < 5; n++) await http({ method: 'GET', url, timeoutUs })
  expect(ports.size).toBe(1)
})

test('a request that gets no reply in time is unreachable, and was sent once', async () => {
  let count = 0
  const { url } = await serve(() => {
    count++
  })
  const { http } = localRuntime()
  await expect(http({ method: 'POST', url, body: 'a=1', timeoutUs: 50_000 })).rejects.toMatchObject(
    { code: 'VENUE_UNREACHABLE', message: expect.stringContaining('no reply within 50 ms') },
  )
  expect(count).toBe(1)
})

test.each(['before', 'within'])(
  'a connection cut %s the reply is unreachable, and not retried',
  async (when) => {
    let count = 0
    const { url } = await serve((_, response) => {
      count++
      if (when === 'before') {
        response.destroy()
        return
      }
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"half":', () => response.destroy())
    })
    const { http } = localRuntime()
    // A kept connection that dies is where clients like to retry.
    await expect(http({ method: 'POST', url, body: '', timeoutUs })).rejects.toMatchObject({
      code: 'VENUE_UNREACHABLE',
    })
    expect(count).toBe(1)
  },
)

test('a reply that is longer than allowed is given up before it is read', async () => {
  let sent = 0
  const { url } = await serve((_, response) => {
    const more = () => {
      sent += 65_536
      if (sent < 50_000_000 && !response.destroyed) response.write(Buffer.alloc(65_536), more)
    }
    more()
  })
  const { http } = localRuntime()
  await expect(http({ method: 'GET', url, timeoutUs, replyBytesMax: 1_000 })).rejects.toThrow(
    /the reply is longer than 1000 bytes/,
  )
  expect(sent).toBeLessThan(50_000_000)
})

test('nobody listening is unreachable', async () => {
  const { server, url } = await serve(() => {})
  await new Promise((resolve) => server.close(resolve))
  await expect(localRuntime().http({ method: 'GET', url, timeoutUs })).rejects.toMatchObject({
    code: 'VENUE_UNREACHABLE',
  })
})

test('a host that cannot be found asks for the network', async () => {
  // No name has a part of 64 letters: it is refused without asking anybody.
  const host = `${'a'.repeat(64)}.invalid`
  const url = `http://${host}/`
  await expect(localRuntime().http({ method: 'GET', url, timeoutUs })).rejects.toMatchObject({
    code: 'VENUE_UNREACHABLE',
    message: `${host}: getaddrinfo ENOTFOUND ${host} (is this machine on a network?)`,
  })
})

async function serveSockets(onSocket: (socket: WebSocket, path: string) => void) {
  const { server, url } = await serve((_, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ server, autoPong: true })
  sockets.on('connection', (socket, request) => onSocket(socket, request.url ?? ''))
  cleanups.push(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  })
  return url.replace('http', 'ws')
}

/** Opens a socket and gathers what it tells until it closes. */
function listenUntilClosed(
  runtime: LocalRuntime,
  url: string,
  onText: (text: string, close: () => void, send: (text: string) => void) => void = () => {},
): Promise<string[]> {
  return new Promise((resolve) => {
    const told: string[] = []
    const socket = runtime.openSocket(url, {
      onOpen: () => told.push('open'),
      onMessage: (bytes) => {
        const text = Buffer.from(bytes).toString()
        told.push(text)
        onText(
          text,
          () => socket.close(),
          (reply) => socket.send(reply),
        )
      },
      onClose: (reason) => {
        told.push(`closed: ${reason}`)
        resolve(told)
      },
    })
  })
}

test('frames travel both ways and the end is told once, with its reason', async () => {
  const url = await serveSockets((socket, path) => {
    socket.send(`path ${path}`)
    socket.on('message', (text) => {
      socket.send(`echo ${text}`)
      socket.close(4_001, 'enough')
    })
  })
  const told = await listenUntilClosed(localRuntime(), `${url}/ws/key`, (text, _, send) => {
    if (text.startsWith('path')) send('hello')
  })
  expect(told).toEqual(['open', 'path /ws/key', 'echo hello', 'closed: closed with 4001 enough'])
})

test('pings of the server are answered', async () => {
  let pongs = 0
  const url = await serveSockets((socket) => {
    socket.ping('are you there')
    socket.on('pong', (bytes) => {
      pongs += Number(bytes.toString() === 'are you there')
      socket.close(1_000)
    })
  })
  await listenUntilClosed(localRuntime(), url)
  expect(pongs).toBe(1)
})

test('a server that stops answering is noticed without a word from it', async () => {
  const url = await serveSockets((socket) => {
    // Reading nothing any more: frames, pings and closes go nowhere.
    socket.pause()
  })
  const told = await listenUntilClosed(localRuntime({ pingEveryMs: 20 }), url)
  expect(told).toHaveLength(2)
  expect(told[1]).toMatch(/^closed: closed with 1006/)
})

test('a refused and an impossible connection both end in one close', async () => {
  const { url } = await serve((_, response) => response.end())
  const refused = await listenUntilClosed(localRuntime(), url.replace('http', 'ws'))
  expect(refused).toEqual([expect.stringContaining('Unexpected server response: 200')])
  const impossible = await listenUntilClosed(localRuntime(), 'ws://127.0.0.1:1')
  expect(impossible).toEqual([expect.stringContaining('closed: ')])
})

test('closing by us is told too, also before it opened', async () => {
  const url = await serveSockets((socket) => socket.send('hi'))
  const told = await listenUntilClosed(localRuntime(), url, (_, close) => close())
  expect(told.slice(0, 2)).toEqual(['open', 'hi'])
  expect(told).toHaveLength(3)
  const early = await new Promise<string>((resolve) => {
    const socket = localRuntime().openSocket(url, {
      onOpen: () => resolve('open'),
      onMessage: () => {},
      onClose: resolve,
    })
    socket.close()
  })
  expect(early).not.toBe('open')
})

test('the clock is wall time and never goes back', () => {
  const clock = createWallClock()
  let last = clock.nowUs()
  expect(last).toBeGreaterThan(1_700_000_000_000_000)
  for (let n = 0; n < 10_000; n++) {
    const now = clock.nowUs()
    expect(now >= last && Number.isInteger(now)).toBe(true)
    last = now
  }
})

test('a timer runs its task, and a withdrawn one does not', async () => {
  const { timers } = localRuntime()
  const ran: string[] = []
  const cancel = timers.after(0, () => ran.push('withdrawn'))
  cancel()
  await new Promise<void>((resolve) => {
    timers.after(1_000, () => {
      ran.push('kept')
      resolve()
    })
  })
  expect(ran).toEqual(['kept'])
})
