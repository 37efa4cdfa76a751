import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { busConformance } from '#test/contract/bus.conformance.ts'
import { openBus } from './bus.ts'

describe('bus over a broadcast channel', () => {
  busConformance(async () => {
    const name = randomUUID()
    return { left: openBus(name), right: openBus(name) }
  })
})

test('threads of one process meet', async () => {
  const name = randomUUID()
  const bus = openBus(name)
  const answered = new Promise((resolve) => {
    bus.subscribe('fills', resolve)
  })
  const worker = new Worker(
    `const { openBus } = await import(process.env.BUS)
     const bus = openBus(process.env.NAME)
     bus.subscribe('commands', ({ n }) => { bus.publish('fills', { n: n + 1 }); bus.close() })
     bus.publish('status', { state: 'running' })`,
    {
      eval: true,
      execArgv: ['--input-type=module'],
      env: { BUS: new URL('./bus.ts', import.meta.url).href, NAME: name },
    },
  )
  bus.subscribe('status', () => bus.publish('commands', { n: 1 }))
  expect(await answered).toEqual({ n: 2 })
  await new Promise((ended) => worker.once('exit', ended))
  bus.close()
})

test('a bus of another name hears nothing', async () => {
  const name = randomUUID()
  const [left, right, other] = [openBus(name), openBus(name), openBus(`${name}-other`)]
  const overheard: unknown[] = []
  other.subscribe('fills', (message) => overheard.push(message))
  const heard = new Promise((resolve) => right.subscribe('fills', resolve))
  left.publish('fills', { trade_id: 1 })
  await heard
  expect(overheard).toEqual([])
  for (const bus of [left, right, other]) bus.close()
})
