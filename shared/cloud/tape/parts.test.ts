import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { openBlobs } from '../local/blobs.ts'
import { openTape } from '../local/tape-file.ts'
import { virtualTime } from '../process/virtual-time.fixture.ts'
import { openTapeParts } from './parts.ts'

async function world() {
  const folder = await mkdtemp(join(tmpdir(), 'asterai-parts-'))
  const time = virtualTime()
  const stored = openBlobs(join(folder, 'tapes'))
  const said: string[] = []
  let isDown = false
  const parts = openTapeParts({
    header: { version: 1, source: 'test', instruments: [], attributes: {} },
    scratchFolder: join(folder, 'scratch'),
    blobs: {
      put: (name, bytes) =>
        isDown
          ? Promise.reject(new TradingError('PLATFORM_UNREACHABLE', 'no answer'))
          : stored.put(name, bytes),
    },
    prefix: 'executor/run-1',
    partMinutes: 5,
    clock: time.clock,
    timers: time.timers,
    report: (line) => said.push(line),
  })
  const append = () => {
    const nowUs = time.clock.nowUs() as Micros
    parts.append({ kind: 'timer', eventTimeUs: nowUs, receiveTimeUs: nowUs })
  }
  return {
    folder,
    time,
    parts,
    stored,
    said,
    append,
    setDown(next: boolean) {
      isDown = next
    },
    waiting: () => readdir(join(folder, 'scratch', 'executor-run-1')),
  }
}

async function countOf(paths: readonly string[]): Promise<number> {
  let count = 0
  for await (const batch of (await openTape(paths)).batches) count += batch.length
  return count
}

test('a tape leaves in parts that together are the whole, and nothing stays behind', async () => {
  const { folder, time, parts, stored, append, waiting } = await world()
  for (let minute = 0; minute < 12; minute++) {
    append()
    await time.pass(60)
  }
  await vi.waitFor(async () => expect(await stored.list('')).toHaveLength(2))
  await parts.close()
  await parts.uploaded()
  const names = await stored.list('')
  expect(names).toEqual(['0001', '0002', '0003'].map((part) => `executor/run-1/${part}.arrow`))
  expect(await countOf(names.map((name) => join(folder, 'tapes', name)))).toBe(12)
  expect(await waiting()).toEqual([])
})

test('what the platform does not take waits, and is stored once it does', async () => {
  const { parts, stored, time, said, append, setDown, waiting } = await world()
  setDown(true)
  append()
  await time.pass(301)
  append()
  await vi.waitFor(() => expect(said).toEqual(['1 parts of the tape wait: no answer']))
  await parts.close()
  await expect(parts.uploaded()).rejects.toThrow(/2 parts of the tape are lost with this machine/)
  expect(await waiting()).toHaveLength(2)
  setDown(false)
  await parts.uploaded()
  expect(await stored.list('')).toHaveLength(2)
})

test('parts that pile up end the process before the disk does', async () => {
  const { time, append, setDown } = await world()
  setDown(true)
  const fill = async () => {
    for (let part = 0; part < 20; part++) {
      append()
      await time.pass(301)
    }
  }
  await expect(fill()).rejects.toThrow(/13 parts of the tape could not be stored; check the bucket/)
})
