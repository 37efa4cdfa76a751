import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { demoAccounts, demoOptions } from '#services/twin/demo.ts'
import { startTwinServer, type TwinServer } from '#services/twin/server.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import type { ExecutorProcessGiven } from './executor-process.fixture.ts'
import { type StartedProcess, startProcess } from './process.fixture.ts'

const seed = 7
const started: StartedProcess[] = []
let folder = ''
let twin: TwinServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-executor-'))
  const options = demoOptions({ seed, clock: createWallClock(), symbols: ['BTCUSDT'] })
  twin = await startTwinServer({ ...options, historyDays: 0, port: 0 })
})

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await twin.close()
})

function startExecutor(holder: string, over: Partial<ExecutorProcessGiven['config']> = {}) {
  const given: ExecutorProcessGiven = {
    folder,
    holder,
    agentKey: demoAccounts(seed).perp.privateKey,
    config: {
      mode: 'live',
      symbols: ['BTCUSDT'],
      strategies: ['grid'],
      equityQuote: 10_000,
      restUrl: twin.url,
      streamUrl: twin.wsUrl,
      healthPort: 0,
      scratchFolder: join(folder, 'scratch'),
      tapePartMinutes: 5,
      takeoverWaitSeconds: 1,
      egressPatienceSeconds: 20,
      otlpUrl: undefined,
      inference: undefined,
      ...over,
    },
  }
  const file = join(import.meta.dirname, 'executor-process.fixture.ts')
  const running = startProcess(process.execPath, [file, JSON.stringify(given)])
  started.push(running)
  return running
}

const probe = async (running: StartedProcess, path: string) => {
  const port = /\d+$/.exec(await running.said(/probes on port/))?.[0]
  return (await fetch(`http://127.0.0.1:${port}${path}`)).json()
}

const workingOrders = () =>
  twin.twin.exchange.state.accounts.reduce((sum, { openOrders }) => sum + openOrders.size, 0)

/** Resolves when the exchange holds an order: the trader quotes. */
const quoting = () =>
  vi.waitFor(() => expect(workingOrders()).toBeGreaterThan(0), { timeout: 30_000 })

test('an executor hands over: nothing open, lease free, tape stored, and a standby goes on', async () => {
  const first = startExecutor('first')
  await first.said(/trading BTCUSDT with grid/)
  await quoting()
  expect(await probe(first, '/readyz')).toEqual({ ready: true })
  expect(await probe(first, '/state')).toMatchObject({ holder: 'first', tenure: 'writer' })

  const second = startExecutor('second')
  await second.said(/standby: .* held by first/)
  expect(await probe(second, '/healthz')).toEqual({ alive: true })
  expect(await probe(second, '/readyz')).toEqual({ ready: true })
  expect(await probe(second, '/state')).toMatchObject({ tenure: 'standby' })

  const end = await first.signal('SIGTERM')
  expect([end.code, first.lines.filter(({ severity }) => severity === 'ERROR')]).toEqual([0, []])
  expect(end.ms).toBeLessThan(10_000)
  expect(first.lines.map(({ message }) => message)).toContain('closing check exact')

  await second.said(/trading BTCUSDT with grid/)
  await quoting()
  expect((await second.signal('SIGTERM')).code).toBe(0)
  expect(workingOrders()).toBe(0)

  const tapes = openBlobs(join(folder, 'tapes'))
  const names = await tapes.list('executor/')
  expect(names.length).toBe(2)
  const tape = await openTape([join(folder, 'tapes', names[0]!)])
  let events = 0
  for await (const batch of tape.batches) events += batch.length
  expect(events).toBeGreaterThan(20)
  expect(tape.endedEarly()).toBeUndefined()
  const guard = JSON.parse(
    await readFile(join(folder, 'state', 'executor', 'guard-live.json'), 'utf8'),
  )
  expect(guard.killedBecause).toBeNull()
})

test('a standby ends at once, and without a way out the startup probe stays closed', async () => {
  const writer = startExecutor('writer')
  await writer.said(/trading BTCUSDT/)
  const standby = startExecutor('standby')
  await standby.said(/standby: /)
  const end = await standby.signal('SIGTERM')
  expect(end.code).toBe(0)
  expect(end.ms).toBeLessThan(4_000)
  expect((await writer.signal('SIGTERM')).code).toBe(0)

  const lonely = startExecutor('lonely', { restUrl: 'http://127.0.0.1:9' })
  await lonely.said(/the venue cannot be reached yet/)
  expect(await probe(lonely, '/readyz')).toMatchObject({ ready: false })
  expect(await probe(lonely, '/healthz')).toEqual({ alive: true })
  expect((await lonely.signal('SIGTERM')).code).toBe(0)
})

test('a paper account runs inside the process, on the public market of the venue', async () => {
  const paper = startExecutor('paper', { mode: 'paper', equityQuote: 10_000 })
  await paper.said(/trading BTCUSDT with grid/)
  const before = workingOrders()
  expect((await paper.signal('SIGTERM')).code).toBe(0)
  expect(before).toBe(0)
  expect(paper.lines.map(({ message }) => message)).toContain('closing check exact')
})
