import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import type { Row } from '../port.ts'
import { makeFolder, unwritable } from './folder.ts'
import { openWarehouse } from './warehouse.ts'

const equityRow = (strategy: string): Row => ({
  run_id: 'run-1',
  epoch: 3,
  strategy,
  recorded_at: 1_700_000_000_000_000,
  equity: '1000',
  pnl: '1',
  spread_pnl: '2',
  price_pnl: '-1',
  fees: '0.5',
  funding: '0.25',
})

const freshPath = async () =>
  join(await mkdtemp(join(tmpdir(), 'asterai-schema-')), 'warehouse.duckdb')

/** A warehouse with one row of equity, changed afterwards as an earlier version would have written it. */
async function fileOfBefore(...changes: readonly string[]): Promise<string> {
  const path = await freshPath()
  const warehouse = await openWarehouse(path)
  await warehouse.insert('equity', [equityRow('glft')])
  await warehouse.close()
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const change of changes) await connection.run(change)
  connection.closeSync()
  instance.closeSync()
  return path
}

/** Equity as a table with other columns, or another key; DuckDB drops no column that stands before a key. */
const rebuilt = (columns: string, key = 'run_id, strategy, recorded_at') => [
  `CREATE TABLE other AS SELECT ${columns} FROM equity`,
  'DROP TABLE equity',
  'CREATE TABLE equity AS FROM other',
  'DROP TABLE other',
  `ALTER TABLE equity ADD PRIMARY KEY (${key})`,
]
const withoutEpoch = rebuilt('* EXCLUDE (epoch)')

test('columns and tables that an earlier version lacks are added, and its rows stay', async () => {
  const path = await fileOfBefore(
    ...rebuilt('* EXCLUDE (epoch, funding)'),
    'DROP TABLE candles',
    'ALTER TABLE orders ADD COLUMN of_before VARCHAR',
  )
  for (const strategy of ['grid', 'funding-carry']) {
    const warehouse = await openWarehouse(path)
    await warehouse.insert('equity', [equityRow(strategy), equityRow('glft')])
    await warehouse.close()
  }
  const warehouse = await openWarehouse(path, { readOnly: true })
  const { rows } = await warehouse.query(
    'SELECT strategy, epoch, funding, equity, fees FROM equity ORDER BY strategy',
  )
  // A row of before that comes again brings what it lacked.
  const values = [3, '0.25000000', '1000.00000000', '0.50000000']
  expect(rows).toEqual(['funding-carry', 'glft', 'grid'].map((strategy) => [strategy, ...values]))
  expect((await warehouse.query('SELECT count(*) FROM candles')).rows).toEqual([[0]])
  await warehouse.close()
})

test('in rows of before a new column holds nothing', async () => {
  const path = await fileOfBefore(...withoutEpoch)
  const warehouse = await openWarehouse(path)
  const { rows } = await warehouse.query('SELECT strategy, epoch, pnl FROM equity')
  expect(rows).toEqual([['glft', null, '1.00000000']])
  await warehouse.close()
})

test('what was added is there after a crash', { timeout: 30_000 }, async () => {
  const path = await fileOfBefore(...withoutEpoch, 'DROP TABLE candles')
  const script = `const { openWarehouse } = await import(process.argv[1])
    const warehouse = await openWarehouse(process.argv[2])
    await warehouse.insert('equity', [JSON.parse(process.argv[3])])
    process.stdout.write('stored')
    setInterval(() => {}, 1_000)`
  const child = spawn(
    process.execPath,
    [
      ...['--input-type=module', '--eval', script],
      ...[new URL('./warehouse.ts', import.meta.url).href, path, JSON.stringify(equityRow('grid'))],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  const warehouse = await openWarehouse(path)
  const { rows } = await warehouse.query('SELECT strategy, epoch FROM equity ORDER BY strategy')
  expect(rows).toEqual([
    ['glft', null],
    ['grid', 3],
  ])
  await warehouse.close()
})

test('a table whose key got more columns is begun anew, and its rows of before stay', async () => {
  const path = await fileOfBefore(...rebuilt('* EXCLUDE (strategy)', 'run_id, recorded_at'))
  const said: string[] = []
  for (let session = 0; session < 2; session++) {
    const warehouse = await openWarehouse(path, { report: (line) => said.push(line) })
    await warehouse.insert('equity', [equityRow('grid')])
    await warehouse.close()
  }
  expect(said).toEqual([
    `${path}: equity is begun anew by its new key; its rows of before are in equity_before`,
  ])
  const warehouse = await openWarehouse(path, { readOnly: true })
  expect((await warehouse.query('SELECT strategy, epoch FROM equity')).rows).toEqual([['grid', 3]])
  expect((await warehouse.query('SELECT run_id, pnl FROM equity_before')).rows).toEqual([
    ['run-1', '1.00000000'],
  ])
  await warehouse.close()
})

test('a table whose JSON is text now is begun anew, and its rows of before stay', async () => {
  const path = await fileOfBefore(
    'ALTER TABLE audit_log RENAME TO other',
    'CREATE TABLE audit_log AS SELECT * EXCLUDE (detail, role), CAST(detail AS JSON) AS detail FROM other',
    'DROP TABLE other',
    'ALTER TABLE audit_log ADD PRIMARY KEY (sequence, row_hash)',
    `INSERT INTO audit_log BY NAME SELECT 7 AS sequence, 'old' AS row_hash, '{"a":1}' AS detail`,
  )
  await expect(openWarehouse(path, { readOnly: true })).rejects.toThrow(
    `${path} lacks the new type of detail of audit_log: an earlier version wrote it; the next npm start`,
  )
  const said: string[] = []
  const values = { actor: 'ann', role: 'admin', action: 'pause', outcome: 'done', status: 200 }
  const row: Row = {
    ...values,
    sequence: 1,
    recorded_at: 1_700_000_000_000_000,
    request_id: 'request-1',
    detail: '{"b": 1}',
    previous_hash: '',
    row_hash: 'new',
  }
  for (let session = 0; session < 2; session++) {
    const warehouse = await openWarehouse(path, { report: (line) => said.push(line) })
    await warehouse.insert('audit_log', [row])
    await warehouse.close()
  }
  expect(said).toEqual([
    `${path}: audit_log is begun anew by its new type of detail; its rows of before are in audit_log_before`,
  ])
  const warehouse = await openWarehouse(path, { readOnly: true })
  const { rows } = await warehouse.query('SELECT sequence, role, detail FROM audit_log')
  expect(rows).toEqual([[1, 'admin', '{"b": 1}']])
  const before = await warehouse.query('SELECT sequence, row_hash, detail FROM audit_log_before')
  expect(before.rows).toEqual([[7, 'old', '{"a":1}']])
  await warehouse.close()
})

test.each([
  [
    'another key',
    rebuilt('*', 'run_id, pnl'),
    /has table equity with key \(run_id, pnl\) instead of \(run_id, strategy, recorded_at\): another version wrote it; move it away/,
  ],
  [
    'another type',
    ['ALTER TABLE equity ALTER fees TYPE DOUBLE'],
    /has column equity\.fees as DOUBLE instead of DECIMAL\(38,8\): another version/,
  ],
  [
    'text that should be JSON',
    [
      'CREATE TABLE other AS SELECT * REPLACE (CAST(inputs AS VARCHAR) AS inputs) FROM decisions',
      'DROP TABLE decisions',
      'ALTER TABLE other RENAME TO decisions',
    ],
    /has column decisions\.inputs as VARCHAR instead of JSON: another version/,
  ],
  [
    'no key',
    ['DROP TABLE equity', 'CREATE TABLE equity (run_id VARCHAR, recorded_at TIMESTAMP)'],
    /has table equity with key \(\) instead of.*another version wrote it; move it away/,
  ],
])('a file with %s is refused and left as it is', async (_, changes, line) => {
  const path = await fileOfBefore('DROP TABLE candles', ...changes)
  await expect(openWarehouse(path)).rejects.toThrow(line)
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'candles'",
  )
  expect(Number(reader.getRows()[0]?.[0])).toBe(0)
  connection.closeSync()
  instance.closeSync()
})

test.each([
  ['equity.epoch', withoutEpoch],
  ['candles', ['DROP TABLE candles']],
  ['the new key of equity', rebuilt('*', 'run_id, recorded_at')],
])('who may only look is told what will add %s', async (what, changes) => {
  const path = await fileOfBefore(...changes)
  await expect(openWarehouse(path, { readOnly: true })).rejects.toThrow(
    `${path} lacks ${what}: an earlier version wrote it; the next npm start adds what is missing`,
  )
})

test('a folder in which nothing can be written is named with the way out', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'asterai-folder-')), 'file')
  await writeFile(file, '')
  expect(() => makeFolder(join(file, 'run'))).toThrow(
    `cannot write ${join(file, 'run')}: part of it is a file; choose another folder with --folder`,
  )
  expect(() => makeFolder(file, '--out')).toThrow('it is a file; choose another folder with --out')
})

test.each([
  [{ code: 'EACCES', message: 'EACCES: permission denied' }, 'permission denied'],
  [{ code: 'EROFS', message: 'EROFS: read-only' }, 'it is on a read-only file system'],
  [{ message: 'IO Error: Cannot open file "w": Permission denied' }, 'permission denied'],
  [{ code: 'EIO', message: 'EIO: i/o error\nmore' }, 'EIO: i/o error'],
])('%j', (cause, reason) => {
  expect(unwritable('run', cause)).toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `cannot write run: ${reason}; choose another folder with --folder`,
  })
})
