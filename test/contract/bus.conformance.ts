import { afterEach, expect, test } from 'vitest'
import type { Bus, Message } from '#shared/cloud/port.ts'

/** Two ends that should meet: two threads, or two clients of one project. */
export type BusPair = { readonly left: Bus; readonly right: Bus }

/** What every bus does. Call inside a `describe`. */
export function busConformance(open: () => Promise<BusPair>): void {
  const opened: BusPair[] = []
  const pair = async () => {
    const buses = await open()
    opened.push(buses)
    return buses
  }
  afterEach(() => {
    for (const { left, right } of opened.splice(0)) {
      left.close()
      right.close()
    }
  })

  test('a message reaches the other end and the own end, unchanged', async () => {
    const { left, right } = await pair()
    const heard = [collect(left, 'fills', 1), collect(right, 'fills', 1)]
    const message = { trade_id: 7, fee: '0.00000001', mid: null, is_maker: true }
    left.publish('fills', message)
    expect(await Promise.all(heard)).toEqual([[message], [message]])
  })

  test('messages of one sender keep their order within a topic', async () => {
    const { left, right } = await pair()
    const heard = [collect(left, 'orders', 500), collect(right, 'orders', 500)]
    const sent = Array.from({ length: 500 }, (_, sequence) => ({ sequence }))
    for (const message of sent) left.publish('orders', message)
    expect(await Promise.all(heard)).toEqual([sent, sent])
  })

  test('a topic hears only its own messages', async () => {
    const { left, right } = await pair()
    const heard = collect(right, 'fills', 1)
    left.publish('orders', { wrong: true })
    left.publish('fills', { right: true })
    expect(await heard).toEqual([{ right: true }])
  })

  test('both ends may speak at once', async () => {
    const { left, right } = await pair()
    const heard = [collect(left, 'status', 2), collect(right, 'status', 2)]
    left.publish('status', { from: 'left' })
    right.publish('status', { from: 'right' })
    for (const messages of await Promise.all(heard))
      expect(messages.map(({ from }) => from).sort()).toEqual(['left', 'right'])
  })

  test('every subscriber of a topic gets its own copy', async () => {
    const { left } = await pair()
    const first = collect(left, 'fills', 1)
    const second = collect(left, 'fills', 1)
    const message = { nested: { size: 1 } }
    left.publish('fills', message)
    message.nested.size = 2
    expect(await first).toEqual([{ nested: { size: 1 } }])
    expect(await second).toEqual([{ nested: { size: 1 } }])
  })

  test('an ended subscription hears nothing more, and others go on', async () => {
    const { left, right } = await pair()
    const ended: Message[] = []
    const end = right.subscribe('fills', (message) => ended.push(message))
    const first = collect(right, 'fills', 1)
    left.publish('fills', { trade_id: 1 })
    await first
    end()
    end()
    const second = collect(right, 'fills', 1)
    left.publish('fills', { trade_id: 2 })
    expect(await second).toEqual([{ trade_id: 2 }])
    expect(ended).toEqual([{ trade_id: 1 }])
  })

  test('what was published before a close still arrives', async () => {
    const { left, right } = await pair()
    const heard = collect(right, 'fills', 100)
    for (let trade = 0; trade < 100; trade++) left.publish('fills', { trade })
    left.close()
    expect(await heard).toHaveLength(100)
  })

  test('publishing after the close is an error', async () => {
    const { left } = await pair()
    left.close()
    expect(() => left.publish('fills', {})).toThrow('closed')
  })

  test('what is not plain data is refused at the sender', async () => {
    const { left } = await pair()
    expect(() => left.publish('fills', { callback: () => 1 })).toThrow('not plain data')
  })
}

/** Resolves with the first `count` messages of a topic. */
function collect(bus: Bus, topic: string, count: number): Promise<readonly Message[]> {
  return new Promise((resolve) => {
    const messages: Message[] = []
    const end = bus.subscribe(topic, (message) => {
      messages.push(message)
      if (messages.length < count) return
      end()
      resolve(messages)
    })
  })
}
