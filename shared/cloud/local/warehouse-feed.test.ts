import { randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { Timers } from '#shared/kernel/runtime.ts'
import { fillRow, paymentRow } from '#test/contract/warehouse.conformance.ts'
import type { Bus, Message, Row, Warehouse } from '../port.ts'
import { openBus } from './bus.ts'
import { openWarehouse } from './warehouse.ts'
import { type FeedFailure, feedWarehouse } from './warehouse-feed.ts'

/** A bus that delivers within `publish`. */
function directBus(): Bus {
  const subscribers = new Map<string, ((message: Message) => void)[]>()
  return {
    publish(topic, message) {
      for (const receive of subscribers.get(topic) ?? []) receive(message)
    },
    subscribe(topic, receive) {
      subscribers.set(topic, [...(subscribers.get(topic) ?? []), receive])
      return () => subscribers.delete(topic)
    },
    flush: async () => {},
    close() {},
  }
}

function memoryWarehouse(): Warehouse & { stored: Map<string, Row[]>; isDown: boolean } {
  const stored = new Map<string, Row[]>()
  return {
    stored,
    isDown: false,
    async insert(table, rows) {
      if (this.isDown) throw new Error('disk is full')
      stored.set(table, [...(stored.get(table) ?? []), ...rows])
    },
    query: async () => ({ columns: [], rows: [] }),
    close: async () => {},
  }
}

/** Timers that a test fires. */
function firedTimers(): Timers & { fire(): void; waiting(): number } {
  let tasks: (() => void)[] = []
  return {
    after(_, task) {
      tasks.push(task)
      return () => {
        tasks = tasks.filter((other) => other !== task)
      }
    },
    fire() {
      for (const task of tasks.splice(0)) task()
    },
    waiting: () => tasks.length,
  }
}

function fed(options: { batchRowsMax?: number; queueRowsMax?: number } = {}) {
  const [bus, warehouse, timers] = [directBus(), memoryWarehouse(), firedTimers()]
  const failures: FeedFailure[] = []
  const onFailure = (failure: FeedFailure) => failures.push(failure)
  const feed = feedWarehouse(bus, warehouse, { timers, onFailure, ...options })
  return { bus, warehouse, timers, failures, feed }
}

const equityRow = (strategy: string): Row => ({
  run_id: 'run-1',
  epoch: 1,
  strategy,
  recorded_at: 1_700_000_000_000_000,
  equity: '1000',
  pnl: '0',
  spread_pnl: '0',
  price_pnl: '0',
  fees: '0',
  funding: '0',
})

test('rows wait for the second to pass and then go out table by table', async () => {
  const { bus, warehouse, timers, feed, failures } = fed()
  bus.publish('fills', fillRow(1))
  bus.publish('fills', fillRow(2))
  bus.publish('funding', paymentRow(1, '0.5'))
  for (const strategy of ['total', 'glft']) bus.publish('equity-rows', equityRow(strategy))
  expect([feed.counts().waiting, warehouse.stored.size]).toEqual([5, 0])
  timers.fire()
  await feed.flush()
  expect([...warehouse.stored].map(([table, rows]) => [table, rows.length])).toEqual([
    ['fills', 2],
    ['funding_payments', 1],
    ['equity', 2],
  ])
  expect(feed.counts()).toEqual({ written: 5, waiting: 0, refused: 0 })
  expect([failures, timers.waiting()]).toEqual([[], 1])
})

test('a full batch does not wait for the second', async () => {
  const { bus, warehouse, feed } = fed({ batchRowsMax: 10 })
  for (let id = 0; id < 10; id++) bus.publish('fills', fillRow(id))
  await Promise.resolve()
  expect(warehouse.stored.get('fills')).toHaveLength(10)
  await feed.stop()
})

test('while the warehouse is down rows wait, each failure is told, and order is kept', async () => {
  const { bus, warehouse, timers, feed, failures } = fed()
  warehouse.isDown = true
  for (let id = 0; id < 3; id++) {
    bus.publish('fills', fillRow(id))
    timers.fire()
    await feed.flush()
  }
  expect(feed.counts()).toEqual({ written: 0, waiting: 3, refused: 0 })
  expect(failures.length).toBeGreaterThanOrEqual(3)
  expect(failures[0]).toMatchObject({ table: 'fills', willRetry: true })
  expect(failures[0]?.error.message).toContain('disk is full')
  warehouse.isDown = false
  expect(await feed.stop()).toEqual({ written: 3, waiting: 0, refused: 0 })
  expect(warehouse.stored.get('fills')?.map(({ trade_id }) => trade_id)).toEqual([0, 1, 2])
})

test('rows that arrive during a failing write stay behind those before them', async () => {
  const { bus, warehouse, feed } = fed()
  warehouse.isDown = true
  bus.publish('fills', fillRow(0))
  const flushing = feed.flush()
  await Promise.resolve()
  bus.publish('fills', fillRow(1))
  await flushing
  warehouse.isDown = false
  await feed.stop()
  expect(warehouse.stored.get('fills')?.map(({ trade_id }) => trade_id)).toEqual([0, 1])
})

test('a stop that cannot write says how many rows are left', async () => {
  const { bus, warehouse, feed } = fed()
  warehouse.isDown = true
  bus.publish('fills', fillRow(1))
  expect(await feed.stop()).toEqual({ written: 0, waiting: 1, refused: 0 })
})

test('a row that fits no table is handed back and holds up nobody', async () => {
  const { bus, warehouse, feed, failures } = fed()
  bus.publish('fills', fillRow(1, { fee: 0.1 }))
  bus.publish('equity-rows', { positions: [] })
  bus.publish('fills', fillRow(2))
  expect(await feed.stop()).toEqual({ written: 1, waiting: 0, refused: 2 })
  expect(warehouse.stored.get('fills')).toHaveLength(1)
  expect(failures.map(({ table, willRetry, error }) => [table, willRetry, error.code])).toEqual([
    ['fills', false, 'ROW_INVALID'],
    ['equity', false, 'ROW_INVALID'],
  ])
  expect(failures[0]?.rows).toEqual([fillRow(1, { fee: 0.1 })])
})

test('a full queue hands rows back instead of growing', async () => {
  const { bus, warehouse, feed, failures } = fed({ queueRowsMax: 2 })
  warehouse.isDown = true
  for (let id = 0; id < 3; id++) bus.publish('fills', fillRow(id))
  expect(feed.counts()).toEqual({ written: 0, waiting: 2, refused: 1 })
  expect(failures).toMatchObject([{ willRetry: false, rows: [{ trade_id: 2 }] }])
})

test('after a stop nothing is heard and no timer runs', async () => {
  const { bus, timers, feed } = fed()
  await feed.stop()
  bus.publish('fills', fillRow(1))
  expect([feed.counts().waiting, timers.waiting()]).toEqual([0, 0])
})

test('nothing of a thread that has ended is lost', { timeout: 60_000 }, async () => {
  const name = randomUUID()
  const bus = openBus(name)
  const path = join(await mkdtemp(join(tmpdir(), 'asterai-feed-')), 'warehouse.duckdb')
  const warehouse = await openWarehouse(path)
  const failures: FeedFailure[] = []
  const feed = feedWarehouse(bus, warehouse, {
    timers: firedTimers(),
    onFailure: (failure) => failures.push(failure),
    batchRowsMax: 1_000,
  })
  const worker = new Worker(
    `const { openBus } = await import(process.env.BUS)
     const bus = openBus(process.env.NAME)
     const row = JSON.parse(process.env.ROW)
     for (let id = 0; id < 4500; id++) bus.publish('funding', { ...row, transaction_id: id })
     bus.close()`,
    {
      eval: true,
      execArgv: ['--input-type=module'],
      env: {
        BUS: new URL('./bus.ts', import.meta.url).href,
        NAME: name,
        ROW: JSON.stringify(paymentRow(0, '0.00000001')),
      },
    },
  )
  await new Promise((ended) => worker.once('exit', ended))
  expect(await feed.stop()).toEqual({ written: 4_500, waiting: 0, refused: 0 })
  const { rows } = await warehouse.query('SELECT count(*), sum(amount) FROM funding_payments')
  expect(rows).toEqual([[4_500, '0.00004500']])
  expect(failures).toEqual([])
  await warehouse.close()
  bus.close()
})
