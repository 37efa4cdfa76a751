import { expect, test } from 'vitest'
import type { HttpReply } from '#shared/kernel/runtime.ts'
import {
  createVirtualNetwork,
  type VirtualHost,
} from '#shared/simulation/network/virtual-network.ts'
import { runVirtual, runVirtualUntil } from './virtual.ts'

const startUs = 1_000_000

function echoHost(over: Partial<VirtualHost> = {}): VirtualHost {
  return {
    handleHttp: ({ path, body }) => ({ status: 200, headers: {}, body: path + body, delayUs: 0 }),
    openStream: () => ({ receive: () => {}, closed: () => {} }),
    advance: () => {},
    nextEventUs: () => undefined,
    ...over,
  }
}

function networkWith(host: VirtualHost, link = { toHostUs: 300, toClientUs: 200 }) {
  const network = createVirtualNetwork({ startUs })
  network.addHost('twin', host, link)
  return network
}

const get = (path: string, timeoutUs = 1_000_000) =>
  ({ method: 'GET', url: `http://twin${path}`, timeoutUs }) as const

test('a request takes the way there, the host’s delay and the way back', async () => {
  const host = echoHost({
    handleHttp: ({ path }) => ({ status: 200, headers: {}, body: path, delayUs: 50 }),
  })
  const network = networkWith(host)
  const reply = await runVirtualUntil(network, network.runtime.http(get('/a?b=1')), 10_000_000)
  expect(reply).toEqual({ status: 200, headers: {}, body: '/a?b=1' })
  expect(network.nowUs - startUs).toBe(550)
})

test('a dropped request and a slow reply are unreachable at the timeout', async () => {
  for (const host of [
    echoHost({ handleHttp: () => 'drop' }),
    echoHost({ handleHttp: () => ({ status: 200, headers: {}, body: '', delayUs: 5_000 }) }),
  ]) {
    const network = networkWith(host)
    const failed = expect(
      runVirtualUntil(network, network.runtime.http(get('/', 1_000)), 10_000_000),
    ).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' })
    await failed
    expect(network.nowUs - startUs).toBe(1_000)
  }
})

test('an unknown host is unreachable', async () => {
  const network = createVirtualNetwork({ startUs })
  await expect(network.runtime.http(get('/'))).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' })
})

test('all promise work of an event is done before the next event, however deep it goes', async () => {
  const network = networkWith(echoHost())
  const order: string[] = []
  const deep = async (name: string, depth: number): Promise<void> => {
    if (depth > 0) await deep(name, depth - 1)
    if (depth === 50) order.push(name)
  }
  const { timers } = network.runtime
  timers.after(10, () => {
    deep('first', 50)
  })
  timers.after(11, () => order.push('second'))
  timers.after(11, () => {
    deep('third', 50)
  })
  timers.after(12, () => order.push('fourth'))
  expect(await runVirtual(network, startUs + 100)).toBe(4)
  expect(order).toEqual(['first', 'second', 'third', 'fourth'])
  expect(network.nowUs).toBe(startUs + 100)
})

test('a stream opens before its first frame, keeps their order and tells its end once', async () => {
  const told: string[] = []
  const heard: string[] = []
  const network = networkWith(
    echoHost({
      openStream: (path, send, close) => {
        send(`path ${path}`)
        return {
          receive: (text) => {
            heard.push(text)
            send('bye')
            close(4_000, 'done')
          },
          closed: () => heard.push('closed'),
        }
      },
    }),
  )
  const socket = network.runtime.openSocket('ws://twin/ws/key', {
    onOpen: () => told.push(`open ${network.nowUs - startUs}`),
    onMessage: (bytes) => {
      told.push(new TextDecoder().decode(bytes))
      if (told.length === 2) socket.send('hello')
    },
    onClose: (reason) => told.push(reason),
  })
  await runVirtual(network, startUs + 10_000)
  expect(told).toEqual(['open 500', 'path /ws/key', 'bye', '4000 done'])
  socket.close()
  await runVirtual(network, startUs + 20_000)
  expect(told).toHaveLength(4)
  expect(heard).toEqual(['hello'])
})

test('the host’s own events happen at their times, before a request of the same instant', async () => {
  let next = startUs + 300
  const seen: string[] = []
  const network = networkWith(
    echoHost({
      advance: (nowUs) => {
        while (next <= nowUs) {
          seen.push(`event ${next - startUs}`)
          next += 300
        }
      },
      nextEventUs: () => next,
      handleHttp: (): HttpReply & { delayUs: number } => {
        seen.push('request')
        return { status: 200, headers: {}, body: '', delayUs: 0 }
      },
    }),
  )
  const sent = network.runtime.http(get('/'))
  await runVirtualUntil(network, sent, startUs + 1_000)
  await runVirtual(network, startUs + 700)
  expect(seen).toEqual(['event 300', 'request', 'event 600'])
})

test('work that never ends is reported instead of hanging', async () => {
  const network = networkWith(echoHost())
  await expect(runVirtualUntil(network, new Promise(() => {}), startUs + 5)).rejects.toThrow(
    'did not end',
  )
})
