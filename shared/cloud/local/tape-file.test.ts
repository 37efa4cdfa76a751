import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DomainEvent } from '#shared/market/event.ts'
import type { TapeHeader } from '#shared/market/tape/header.ts'
import { captureInstrument } from '#shared/venue/aster/capture/instrument.ts'
import { openTape, openTapeWriter } from './tape-file.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tape-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const header: TapeHeader = {
  version: 1,
  source: 'a test',
  instruments: [captureInstrument('BTCUSDT')],
  attributes: {},
}
const event = (fields: Record<string, unknown>): DomainEvent =>
  ({ eventTimeUs: 1, instrumentId: 0, ...fields }) as unknown as DomainEvent
const snapshot = (receiveTimeUs: number, sequence: number): DomainEvent =>
  event({
    ...{ kind: 'book-snapshot', receiveTimeUs, sequence },
    ...{ levels: Int32Array.of(100, 5, 101, 6), bidCount: 1, askCount: 1 },
  })
const delta = (receiveTimeUs: number, sequencePrevious: number, sequence: number): DomainEvent =>
  event({
    ...{ kind: 'book-delta', receiveTimeUs, sequencePrevious, sequence },
    ...{
      sequenceFirst: sequencePrevious + 1,
      levels: Int32Array.of(99, 4),
      bidCount: 1,
      askCount: 0,
    },
  })

async function write(name: string, events: readonly DomainEvent[], over = header) {
  const path = join(folder, name)
  const writer = openTapeWriter(path, over)
  for (const each of events) writer.append(each)
  await writer.close()
  return path
}

async function readAll(paths: readonly string[]) {
  const tape = await openTape(paths)
  const events: DomainEvent[] = []
  for await (const each of tape.events) events.push(each)
  return { events, endedEarly: tape.endedEarly(), header: tape.header }
}

test('what is written is read, gzipped or not, and files follow one another', async () => {
  const first = [snapshot(1, 10), delta(2, 10, 12)]
  const second = [delta(3, 12, 15), delta(3, 15, 16)]
  const paths = [await write('a.arrow', first), await write('b.arrow', second)]
  const zipped = join(folder, 'b.arrow.gz')
  writeFileSync(zipped, gzipSync(readFileSync(paths[1] as string)))
  for (const files of [paths, [paths[0] as string, zipped]]) {
    const read = await readAll(files)
    expect(read.events).toStrictEqual([...first, ...second])
    expect(read.endedEarly).toBeUndefined()
    expect(read.header).toStrictEqual(header)
  }
})

test('files that do not continue are refused by name', async () => {
  const a = await write('first.arrow', [snapshot(1, 10), delta(2, 10, 12)])
  const gap = await write('gap.arrow', [delta(3, 13, 15)])
  await expect(readAll([a, gap])).rejects.toMatchObject({ code: 'TAPE_GAP' })
  await expect(readAll([a, gap])).rejects.toThrow('gap.arrow, event 1')
  const early = await write('early.arrow', [snapshot(1, 20)])
  await expect(readAll([a, early])).rejects.toMatchObject({ code: 'TAPE_UNSORTED' })
  const other = { ...header, instruments: [captureInstrument('ETHUSDT')] }
  const eth = await write('eth.arrow', [snapshot(9, 20)], other)
  await expect(readAll([a, eth])).rejects.toThrow('eth.arrow has other instruments')
})

test('a writer that dies leaves the last whole second readable', async () => {
  const path = join(folder, 'dies.arrow')
  const writer = openTapeWriter(path, header)
  const events = [snapshot(0, 10), delta(400_000, 10, 12), delta(1_000_000, 12, 15)]
  for (const each of events) writer.append(each)
  writer.append(delta(1_500_000, 15, 16))
  await writer.drained()
  // Closing proves that what was flushed before is a prefix of the file.
  await writer.close()
  const whole = readFileSync(path)
  const cut = join(folder, 'cut.arrow')
  writeFileSync(cut, whole.subarray(0, whole.length - 20))
  const read = await readAll([cut])
  expect(read.events).toStrictEqual(events)
  expect(read.endedEarly).toContain('cut.arrow: the tape ends early')
})

test('memory and file stay small: a long quiet stream is flushed by time', async () => {
  const timers = Array.from({ length: 100 }, (_, i) =>
    event({ kind: 'timer', instrumentId: undefined, receiveTimeUs: i * 1_000_000 }),
  ).map(({ kind, eventTimeUs, receiveTimeUs }) => ({ kind, eventTimeUs, receiveTimeUs }))
  const path = await write('timers.arrow', timers as DomainEvent[])
  expect((await readAll([path])).events).toStrictEqual(timers)
  expect(statSync(path).size).toBeLessThan(400_000)
})

test.each([
  ['a missing file', undefined, 'FILE_UNREADABLE', 'there is no such file'],
  ['text', 'hello\n', 'TAPE_MALFORMED', 'neither a tape'],
  ['nothing', '', 'TAPE_MALFORMED', 'neither a tape'],
  ['a broken gzip', '\x1f\x8bxxxxxxxxxx', 'TAPE_MALFORMED', 'not a whole gzip file'],
])('%s is refused by name', async (name, content, code, why) => {
  const path = join(folder, `${name.replaceAll(' ', '-')}.bin`)
  if (content !== undefined) writeFileSync(path, Buffer.from(content, 'latin1'))
  await expect(readAll([path])).rejects.toMatchObject({ code })
  await expect(readAll([path])).rejects.toThrow(why)
  await expect(readAll([path])).rejects.toThrow(path)
})

test('a folder that does not exist is refused when writing', async () => {
  const writer = openTapeWriter(join(folder, 'no', 'such', 'x.arrow'), header)
  await expect(writer.close()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})
