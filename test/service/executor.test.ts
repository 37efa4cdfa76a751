import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { type ExecutorWorld, openExecutorWorld } from './executor.fixture.ts'
import type { StartedProcess } from './process.fixture.ts'

let world: ExecutorWorld

beforeAll(async () => {
  world = await openExecutorWorld()
})

afterAll(() => world.close())

const probe = async (running: StartedProcess, path: string) => {
  const port = /\d+$/.exec(await running.said(/probes on port/))?.[0]
  return (await fetch(`http://127.0.0.1:${port}${path}`)).json()
}

test('an executor hands over: nothing open, lease free, tape stored, and a standby goes on', async () => {
  const first = world.start('first')
  await first.said(/trading BTCUSDT with grid/)
  await world.quoting()
  expect(await probe(first, '/readyz')).toEqual({ ready: true })
  expect(await probe(first, '/state')).toMatchObject({ holder: 'first', tenure: 'writer' })

  const second = world.start('second')
  await second.said(/standby: .* held by first/)
  expect(await probe(second, '/healthz')).toEqual({ alive: true })
  expect(await probe(second, '/readyz')).toEqual({ ready: true })
  expect(await probe(second, '/state')).toMatchObject({ tenure: 'standby' })

  const end = await first.signal('SIGTERM')
  expect([end.code, first.lines.filter(({ severity }) => severity === 'ERROR')]).toEqual([0, []])
  expect(end.ms).toBeLessThan(10_000)
  expect(first.lines.map(({ message }) => message)).toContain('closing check exact')

  await second.said(/trading BTCUSDT with grid/)
  await world.quoting()
  expect((await second.signal('SIGTERM')).code).toBe(0)
  expect(world.workingOrders()).toBe(0)

  const tapes = openBlobs(join(world.folder, 'tapes'))
  const names = await tapes.list('executor/')
  expect(names.length).toBe(2)
  const tape = await openTape([join(world.folder, 'tapes', names[0]!)])
  let events = 0
  for await (const batch of tape.batches) events += batch.length
  expect(events).toBeGreaterThan(20)
  expect(tape.endedEarly()).toBeUndefined()
  const guard = JSON.parse(
    await readFile(join(world.folder, 'state', 'executor', 'guard-live.json'), 'utf8'),
  )
  expect(guard.killedBecause).toBeNull()
})

test('a standby ends at once, and without a way out the startup probe stays closed', async () => {
  const writer = world.start('writer')
  await writer.said(/trading BTCUSDT/)
  const standby = world.start('standby')
  await standby.said(/standby: /)
  const end = await standby.signal('SIGTERM')
  expect(end.code).toBe(0)
  expect(end.ms).toBeLessThan(4_000)
  expect((await writer.signal('SIGTERM')).code).toBe(0)

  const lonely = world.start('lonely', { restUrl: 'http://127.0.0.1:9' })
  await lonely.said(/the venue cannot be reached yet/)
  expect(await probe(lonely, '/readyz')).toMatchObject({ ready: false })
  expect(await probe(lonely, '/healthz')).toEqual({ alive: true })
  expect((await lonely.signal('SIGTERM')).code).toBe(0)
})

test('a paper account runs inside the process, on the public market of the venue', async () => {
  const paper = world.start('paper', { mode: 'paper', equityQuote: 10_000 })
  await paper.said(/trading BTCUSDT with grid/)
  const before = world.workingOrders()
  expect((await paper.signal('SIGTERM')).code).toBe(0)
  expect(before).toBe(0)
  expect(paper.lines.map(({ message }) => message)).toContain('closing check exact')
})
