import { spawnSync } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillRow, paymentRow, warehouseConformance } from '#test/contract/warehouse.conformance.ts'
import { tables } from '../manifest/table.ts'
import { decidingColumns } from '../row.ts'
import { openWarehouse } from './warehouse.ts'

const freshPath = async () =>
  join(await mkdtemp(join(tmpdir(), 'asterai-warehouse-')), 'run', 'warehouse.duckdb')

describe('warehouse in a DuckDB file', () => {
  warehouseConformance(async () => openWarehouse(await freshPath()))
})

test('whatever the order and the batches, of each key the smallest row by the deciding columns shows', async () => {
  const row = fc.record({
    trade_id: fc.integer({ min: 1, max: 3 }),
    event_time: fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_000_000_001 }),
    liquidity: fc.constantFrom('maker', 'taker', null),
    fee: fc.constantFrom('-1.00000000', '0.50000000', null),
    mid: fc.constantFrom(-2.5, 0, 64_000, null),
  })
  const batches = fc.array(fc.array(row, { maxLength: 5 }), { minLength: 1, maxLength: 5 })
  const warehouse = await openWarehouse(await freshPath())
  const columns = ['event_time', 'liquidity', 'fee', 'mid'] as const
  expect(decidingColumns('fills').filter((name) => columns.some((each) => each === name))).toEqual(
    columns,
  )
  const before = (a: unknown, b: unknown): number => {
    if (a === b) return 0
    if (a === null || b === null) return a === null ? 1 : -1
    const [x, y] = typeof a === 'string' && !/^[a-z]/.test(a) ? [Number(a), Number(b)] : [a, b]
    return (x as number) < (y as number) ? -1 : 1
  }
  let run = 0
  await fc.assert(
    fc.asyncProperty(batches, async (sent) => {
      const run_id = `run-${run++}`
      for (const batch of sent)
        await warehouse.insert(
          'fills',
          batch.map(({ trade_id, ...other }) => fillRow(trade_id, { run_id, ...other })),
        )
      const smallest = new Map<number, unknown[]>()
      for (const each of sent.flat()) {
        const values = columns.map((name) => each[name])
        const known = smallest.get(each.trade_id)
        const order = known && values.map((value, at) => before(value, known[at])).find(Boolean)
        if (!known || (order ?? 0) < 0) smallest.set(each.trade_id, values)
      }
      const { rows } = await warehouse.query(
        `SELECT trade_id, liquidity, fee, mid FROM fills WHERE run_id = '${run_id}' ORDER BY 1`,
      )
      expect(rows).toEqual(
        [...smallest].sort(([a], [b]) => a - b).map(([id, [, ...rest]]) => [id, ...rest]),
      )
    }),
    { numRuns: 60 },
  )
  await warehouse.close()
})

test('rows are there after closing and opening again, and keys still count', async () => {
  const path = await freshPath()
  for (let session = 0; session < 3; session++) {
    const warehouse = await openWarehouse(path)
    await warehouse.insert('fills', [fillRow(1), fillRow(10 + session)])
    await warehouse.close()
  }
  const warehouse = await openWarehouse(path, { readOnly: true })
  const { rows } = await warehouse.query('SELECT trade_id FROM fills ORDER BY 1')
  expect(rows).toEqual([[1], [10], [11], [12]])
  await expect(warehouse.insert('fills', [fillRow(2)])).rejects.toThrow('read-only')
  await warehouse.close()
})

test('a query that runs on is ended, and the next one is answered', async () => {
  const warehouse = await openWarehouse(await freshPath(), { queryMsMax: 50 })
  await expect(
    warehouse.query('SELECT sum(a.i * b.i) FROM range(1000000) a(i), range(1000000) b(i)'),
  ).rejects.toThrow('no answer within 50 ms')
  expect((await warehouse.query('SELECT 1')).rows).toEqual([[1]])
  await warehouse.close()
})

test('has every table of the manifest, empty', async () => {
  const warehouse = await openWarehouse(await freshPath())
  for (const [name, { columns }] of Object.entries(tables)) {
    const answer = await warehouse.query(`SELECT * FROM ${name}`)
    expect(answer).toEqual({ columns: Object.keys(columns), rows: [] })
  }
  await warehouse.close()
})

test('a second open in this process is refused: the file lock would not', async () => {
  const path = await freshPath()
  const warehouse = await openWarehouse(path)
  await expect(openWarehouse(path)).rejects.toMatchObject({ code: 'WAREHOUSE_BUSY' })
  await expect(openWarehouse(path, { readOnly: true })).rejects.toThrow('stop that run')
  const fromThread = await new Promise((resolve) => {
    const script = `const { openWarehouse } = await import(process.env.MODULE)
      const { parentPort } = await import('node:worker_threads')
      await openWarehouse(process.env.FILE).then(() => parentPort.postMessage('opened'), (e) => parentPort.postMessage(e.code))`
    new Worker(script, {
      eval: true,
      execArgv: ['--input-type=module'],
      env: { MODULE: new URL('./warehouse.ts', import.meta.url).href, FILE: path },
    }).once('message', resolve)
  })
  expect(fromThread).toBe('WAREHOUSE_BUSY')
  await warehouse.close()
  await (await openWarehouse(path)).close()
})

test('a file open in another process names that process and the remedy', async () => {
  const path = await freshPath()
  const warehouse = await openWarehouse(path)
  const { stdout } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { openWarehouse } = await import(process.argv[1])
       await openWarehouse(process.argv[2], { readOnly: true }).catch((e) => console.log(e.code, e.message))`,
      new URL('./warehouse.ts', import.meta.url).href,
      path,
    ],
    { encoding: 'utf8' },
  )
  expect(stdout.trim()).toBe(
    `WAREHOUSE_BUSY ${path} is open in process ${process.pid}; stop that run, or ask it through the console`,
  )
  await warehouse.close()
})

test('looking at a file that is not there, or not a warehouse, is one clear line', async () => {
  const path = await freshPath()
  await expect(openWarehouse(path, { readOnly: true })).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `no warehouse at ${path}; run 'npm start' first`,
  })
  const text = join(await mkdtemp(join(tmpdir(), 'asterai-warehouse-')), 'text.duckdb')
  await writeFile(text, 'not a database '.repeat(1_000))
  await expect(openWarehouse(text)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringMatching(/is not a warehouse: .*; move it away/),
  })
})

test('a file of another version is refused at once', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'asterai-warehouse-')), 'old.duckdb')
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run('CREATE TABLE fills (run_id VARCHAR, fee DOUBLE)')
  connection.closeSync()
  instance.closeSync()
  await expect(openWarehouse(path)).rejects.toThrow(/fills.*another version wrote it; move it away/)
})

test('a query reaches no other file and changes no setting', async () => {
  const warehouse = await openWarehouse(await freshPath())
  for (const sql of [
    "SELECT * FROM read_csv('/etc/passwd')",
    "COPY fills TO '/tmp/fills.csv'",
    "ATTACH '/tmp/other.duckdb'",
    'SET enable_external_access = true',
    'SET threads = 4',
    'COMMIT',
    'INSTALL httpfs',
  ])
    await expect(warehouse.query(sql), sql).rejects.toMatchObject({ code: 'QUERY_INVALID' })
  await warehouse.close()
})

test('an answer past the limit is refused, not cut', async () => {
  const warehouse = await openWarehouse(await freshPath(), { resultRowsMax: 10 })
  await warehouse.insert(
    'funding_payments',
    Array.from({ length: 11 }, (_, id) => paymentRow(id, '1')),
  )
  await expect(warehouse.query('FROM funding_payments')).rejects.toThrow('more than 10 rows')
  expect((await warehouse.query('FROM funding_payments LIMIT 10')).rows).toHaveLength(10)
  await warehouse.close()
})

test('values of every kind come back as plain JSON', async () => {
  const warehouse = await openWarehouse(await freshPath())
  const { rows } = await warehouse.query(
    `SELECT 9007199254740993, 3::HUGEINT, 1.5::FLOAT, 'nan'::DOUBLE, [1.10, NULL]::DECIMAL(9,2)[],
      {'a': TRUE}, DATE '2026-11-21', TIMESTAMP '1969-12-31 23:59:59.999999', 'infinity'::TIMESTAMP,
      '{"b":1}'::JSON->>'b'`,
  )
  expect(rows).toEqual([
    [
      '9007199254740993',
      3,
      1.5,
      'NaN',
      ['1.10', null],
      { a: true },
      '2026-11-21',
      '1969-12-31T23:59:59.999999Z',
      '9223372036854775807',
      '1',
    ],
  ])
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
  await warehouse.close()
})
