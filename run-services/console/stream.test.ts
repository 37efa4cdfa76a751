import { describe, expect, test } from 'vitest'
import { createStreamHub, type StreamHub } from './stream.ts'

const decoder = new TextDecoder()
type Reader = ReadableStreamDefaultReader<Uint8Array>

const readFrame = async (reader: Reader): Promise<string> => {
  const { value } = await reader.read()
  return decoder.decode(value)
}

const openReader = (hub: StreamHub, viewer: string): Reader => {
  const body = hub.open(viewer)
  if (typeof body === 'string') throw new Error(`no place: ${body}`)
  return body.getReader()
}

const createHub = (queueMax = 5) => {
  let version = 0
  const hub = createStreamHub({
    readState: () => JSON.stringify({ version }),
    clientsMax: 3,
    pagesPerViewerMax: 2,
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
    const reader = openReader(hub, 'ada')
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
    const reader = openReader(hub, 'ada')
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
    const reader = openReader(hub, 'ada')
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
    const reader = openReader(hub, 'ada')
    await readFrame(reader)
    hub.beat()
    expect(await readFrame(reader)).toBe(': beat\n\n')
  })
})

test('there is room for a limited number of pages, and a closed one makes room', async () => {
  const { hub } = createHub()
  const first = openReader(hub, 'ada')
  openReader(hub, 'bob')
  openReader(hub, 'olga')
  expect(hub.open('vic')).toBe('full')
  await first.cancel()
  openReader(hub, 'vic')
})

test('one viewer cannot take the places of others, and has their own back when they close one', async () => {
  const { hub } = createHub()
  const first = openReader(hub, 'ada')
  openReader(hub, 'ada')
  expect(hub.open('ada')).toBe('viewer-full')
  await first.cancel()
  openReader(hub, 'ada')
  expect(hub.open('ada')).toBe('viewer-full')
  openReader(hub, 'bob')
})

test('closing ends every stream and refuses new ones', async () => {
  const { hub } = createHub()
  const reader = openReader(hub, 'ada')
  await readFrame(reader)
  hub.close()
  expect((await reader.read()).done).toBe(true)
  expect(hub.open('ada')).toBe('full')
})
