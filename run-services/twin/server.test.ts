import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import { demoOptions } from './demo.ts'
import { startTwinServer, type TwinServer } from './server.ts'

const running: TwinServer[] = []

async function start(faults: object = {}): Promise<TwinServer> {
  const clock = createWallClock()
  const options = demoOptions({ seed: 7, clock, symbols: ['BTCUSDT'] })
  const server = await startTwinServer({ ...options, faults, port: 0 })
  running.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

test('answers over HTTP with the venue’s headers', async () => {
  const { url } = await start()
  const reply = await fetch(`${url}/fapi/v3/depth?symbol=BTCUSDT&limit=5`)
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-mbx-used-weight-1m')).toBe('2')
  expect(await reply.json()).toMatchObject({ bids: expect.any(Array), asks: expect.any(Array) })
  const unknown = await fetch(`${url}/fapi/v3/nothing`)
  expect(unknown.status).toBe(404)
})

test('streams what happens, by itself, as time passes', async () => {
  const { wsUrl } = await start()
  const socket = new WebSocket(`${wsUrl}/ws/btcusdt@depth@100ms`)
  const [first, second] = await new Promise<{ u: number; pu: number }[]>((resolve, reject) => {
    const frames: { u: number; pu: number }[] = []
    socket.on('error', reject)
    socket.on('message', (bytes) => {
      frames.push(JSON.parse(bytes.toString()))
      if (frames.length === 2) resolve(frames)
    })
  })
  expect(second?.pu).toBe(first?.u)
  socket.close()
})

test('a socket at no stream’s address is refused', async () => {
  const { wsUrl } = await start()
  const socket = new WebSocket(`${wsUrl}/elsewhere`)
  const error = await new Promise<Error>((resolve) => socket.on('error', resolve))
  expect(error.message).toContain('404')
})

test('a dropped write closes the connection without an answer', async () => {
  const { url } = await start({ lostBefore: 1, dropped: 1 })
  await expect(fetch(`${url}/fapi/v3/noop`, { method: 'POST' })).rejects.toThrow()
})

test('a taken port is named', async () => {
  const { port } = await start()
  const options = demoOptions({ seed: 7, clock: createWallClock(), symbols: ['BTCUSDT'] })
  await expect(startTwinServer({ ...options, port })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
})
