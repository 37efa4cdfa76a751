import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillRow, paymentRow } from '#test/contract/warehouse.conformance.ts'
import { type AppendReply, insertPending, type WriteChannel } from './warehouse-append.ts'

/** A server in memory that loses requests and answers as it is told. */
function scriptedChannel(script: readonly ('ok' | 'request-lost' | 'answer-lost')[]) {
  const steps = [...script]
  const stored: Uint8Array[] = []
  const batches: number[] = []
  let committed = 0
  const channel: WriteChannel = {
    createStream: async () => 'stream',
    async append({ offset, rows }): Promise<AppendReply> {
      const step = steps.shift() ?? 'ok'
      if (step === 'request-lost') return 'unknown'
      expect(offset).toBeLessThanOrEqual(stored.length)
      if (offset < stored.length) return 'already-there'
      stored.push(...rows)
      batches.push(rows.length)
      return step === 'ok' ? 'stored' : 'unknown'
    },
    finalize: async () => stored.length,
    async commit() {
      committed += 1
    },
  }
  return { channel, stored, batches, commits: () => committed }
}

test('whatever is lost on the way, all rows are stored once or none is committed', async () => {
  const steps = fc.constantFrom('ok' as const, 'request-lost' as const, 'answer-lost' as const)
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (script) => {
      const { channel, stored, commits } = scriptedChannel(script)
      const rows = Array.from({ length: 25_000 }, (_, id) => paymentRow(id, '1'))
      const isStored = await insertPending(channel, 'funding_payments', rows).then(
        () => true,
        (error) => {
          expect(error.code).toBe('PLATFORM_UNREACHABLE')
          return false
        },
      )
      expect(commits()).toBe(isStored ? 1 : 0)
      if (isStored) expect(stored).toHaveLength(25_000)
    }),
    { numRuns: 10 },
  )
})

test('no request is larger than the server takes', async () => {
  const { channel, batches, stored } = scriptedChannel([])
  const long = 'x'.repeat(3_000_000)
  const rows = [1, 2, 3, 4].map((id) => fillRow(id, { strategy: long }))
  await insertPending(channel, 'fills', rows)
  expect(batches).toEqual([2, 2])
  expect(stored).toHaveLength(4)
})

test('equal rows are sent once; of unequal ones with one key the view chooses', async () => {
  const { channel, stored } = scriptedChannel([])
  await insertPending(channel, 'fills', [
    fillRow(1, { fee: '9' }),
    fillRow(1),
    fillRow(2),
    fillRow(1),
  ])
  expect(stored).toHaveLength(3)
})

test('a bad row is refused before anything is sent; no row sends nothing', async () => {
  const channel: WriteChannel = {
    createStream: () => Promise.reject(new Error('it was asked')),
    append: () => Promise.reject(new Error('it was asked')),
    finalize: () => Promise.reject(new Error('it was asked')),
    commit: () => Promise.reject(new Error('it was asked')),
  }
  await insertPending(channel, 'fills', [])
  const bad = [fillRow(1), fillRow(2, { price: 'high' })]
  await expect(insertPending(channel, 'fills', bad)).rejects.toMatchObject({ code: 'ROW_INVALID' })
})

test('a stream that lost rows is left alone', async () => {
  const { channel, commits } = scriptedChannel([])
  const short: WriteChannel = { ...channel, finalize: async () => 1 }
  const rows = [fillRow(1), fillRow(2)]
  await expect(insertPending(short, 'fills', rows)).rejects.toThrow('has 1 of 2 rows')
  expect(commits()).toBe(0)
})
