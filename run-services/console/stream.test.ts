import { describe, expect, test } from 'vitest'
import { createStreamHub } from './stream.ts'

const decoder = new TextDecoder()
type Reader = ReadableStreamDefaultReader<Uint8Array>

const readFrame = async (reader: Reader): Promise<string> => {
  const { value } = await reader.read()
  return decoder.decode(value)
}

const createHub = (queueMax = 5) => {
  let version = 0
  const hub = createStreamHub({
    readState: () => JSON.stringify({ version }),
    clientsMax: 2,
    queueMax,
  })
  const change = () => {
    version++
    hub.publish('change', JSON.stringify({ version }))
  }
  return { hub, change }
}

describe('a stream', () => {
  test('begins with the state, then sends changes with rising ids', async () => {
    const { hub, change } = createHub()
    const reader = hub.open()!.getReader()
    expect(await readFrame(reader)).toBe(
      'retry: 1000\nid: 0\nevent: state\ndata: {"version":0}\n\n',
    )
    change()
    change()
    expect(await readFrame(reader)).toBe('id: 1\nevent: change\ndata: {"version":1}\n\n')
    expect(await readFrame(reader)).toBe('id: 2\nevent: change\ndata: {"version":2}\n\n')
  })

  test('a page that does not read gets a fresh state instead of an endless queue', async () => {
    const { hub, change } = createHub()
    const reader = hub.open()!.getReader()
    await readFrame(reader)
    for (let count = 0; count < 1_000; count++) change()
    const frames: string[] = []
    do frames.push(await readFrame(reader))
    while (!frames.at(-1)!.includes('event: state'))
    expect(frames.length).toBeLessThan(20)
    expect(frames.at(-1)).toContain('{"version":1000}')
    change()
    expect(await readFrame(reader)).toContain('{"version":1001}')
  })

  test('no change is lost or doubled for a page that keeps reading', async () => {
    const { hub, change } = createHub(100)
    const reader = hub.open()!.getReader()
    await readFrame(reader)
    const seen: number[] = []
    for (let round = 0; round < 10; round++) {
      for (let count = 0; count < 30; count++) change()
      for (let count = 0; count < 30; count++)
        seen.push(Number(/"version":(\d+)/.exec(await readFrame(reader))![1]))
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
  })

  test('heartbeats are comments', async () => {
    const { hub } = createHub()
    const reader = hub.open()!.getReader()
    await readFrame(reader)
    hub.beat()
    expect(await readFrame(reader)).toBe(': beat\n\n')
  })
})

test('there is room for a limited number of pages, and a closed one makes room', async () => {
  const { hub } = createHub()
  const first = hub.open()!.getReader()
  expect(hub.open()).toBeDefined()
  expect(hub.open()).toBeUndefined()
  await first.cancel()
  expect(hub.open()).toBeDefined()
})

test('closing ends every stream and refuses new ones', async () => {
  const { hub } = createHub()
  const reader = hub.open()!.getReader()
  await readFrame(reader)
  hub.close()
  expect((await reader.read()).done).toBe(true)
  expect(hub.open()).toBeUndefined()
})
