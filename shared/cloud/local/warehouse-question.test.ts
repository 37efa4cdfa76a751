import { existsSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillRow } from '#test/contract/warehouse.conformance.ts'
import type { Warehouse } from '../port.ts'
import { openWarehouse } from './warehouse.ts'
import { questionDepthMax, valuesRefused } from './warehouse-question.ts'

let folder = ''
let warehouse: Warehouse
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-question-'))
  warehouse = await openWarehouse(join(folder, 'warehouse.duckdb'))
  await warehouse.insert('fills', [fillRow(1)])
})
afterAll(() => warehouse.close())

const refused: Readonly<Record<string, readonly string[]>> = {
  'functions that change the database': [
    'SELECT * FROM checkpoint()',
    'SELECT * FROM force_checkpoint()',
    'SELECT * FROM truncate_duckdb_logs()',
    'SELECT * FROM enable_profiling()',
    'SELECT * FROM disable_logging()',
    'SELECT * FROM enable_logging()',
    // Unchecked, this one ends the process: its failure is thrown where nobody catches.
    "SELECT * FROM enable_logging('QueryLog', storage_path = '/tmp/asterai-log')",
    'SELECT * FROM enable_peg_parser()',
  ],
  'the same, hidden': [
    'SELECT * FROM "ChecKpoint"()',
    'SELECT * FROM system.main.checkpoint()',
    'FROM /* only */ checkpoint() -- looking',
    'SELECT 1 FROM fills, LATERAL (SELECT * FROM checkpoint())',
    'WITH x AS (SELECT * FROM checkpoint()) SELECT * FROM x',
    'SELECT (SELECT count(*) FROM checkpoint())',
    'DESCRIBE SELECT * FROM checkpoint()',
    'SELECT 1 UNION ALL SELECT 1 FROM checkpoint()',
    "SELECT * FROM query('SELECT * FROM checkpoint()')",
    "SELECT * FROM query_table('fills')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM checkpoint()'))",
    'EXPLAIN ANALYZE SELECT * FROM checkpoint()',
    'CALL checkpoint()',
  ],
  'files, other databases and the network': [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('https://example.com/x.json')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "COPY fills TO '/tmp/asterai-fills.csv'",
    "COPY (SELECT 1) TO '/tmp/asterai-fills.csv'",
    "EXPORT DATABASE '/tmp/asterai-export'",
    "IMPORT DATABASE '/tmp/asterai-export'",
    "ATTACH '/tmp/asterai-other.duckdb'",
    "ATTACH ':memory:' AS other",
    'INSTALL httpfs',
    'LOAD httpfs',
    'CREATE SECRET s (TYPE s3)',
    'SELECT * FROM duckdb_secrets()',
    "SELECT getenv('HOME')",
  ],
  'settings and state': [
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET memory_limit = '100GB'",
    'RESET threads',
    'SET VARIABLE x = 1',
    'PRAGMA threads = 4',
    'PRAGMA version',
    'PRAGMA enable_profiling',
    'USE memory',
    'PREPARE p AS SELECT 1',
    'CHECKPOINT',
    'VACUUM',
    'BEGIN',
    'CREATE TEMP TABLE q (a INTEGER)',
    'CREATE MACRO m() AS 1',
    'DELETE FROM fills',
    'WITH d AS (DELETE FROM fills RETURNING *) SELECT * FROM d',
    'SELECT * FROM (INSERT INTO fills DEFAULT VALUES RETURNING *)',
  ],
  'values that wait, write or change what follows': [
    'SELECT sleep_ms(1)',
    'SELECT "Sleep_MS"(1)',
    'SELECT setseed(0.5)',
    "SELECT write_log('x')",
    "SELECT nextval('s')",
    'SELECT count(*) FROM fills WHERE sleep_ms(1) IS NULL',
  ],
}

describe.each(Object.entries(refused))('%s', (_, statements) => {
  test.each(statements)('%s is refused', async (sql) => {
    await expect(warehouse.query(sql)).rejects.toMatchObject({ code: 'QUERY_INVALID' })
  })
})

test.each([
  'SELECT * FROM fills',
  'FROM fills',
  'TABLE fills',
  'VALUES (1)',
  'WITH x AS (SELECT 1 AS a) SELECT a, count(*) OVER () FROM x',
  'DESCRIBE fills',
  'SHOW TABLES',
  'SUMMARIZE fills',
  'SELECT * FROM range(3) AS r, unnest([1, 2]) AS u',
  "SELECT * FROM json_each('[1]')",
  'SELECT table_name FROM duckdb_tables()',
  'SELECT table_name FROM information_schema.tables',
  "SELECT 'checkpoint()', 'sleep_ms(1)', random() < 2",
])('%s is answered', async (sql) => {
  expect((await warehouse.query(sql)).rows.length).toBeGreaterThan(0)
})

const nestings: Readonly<Record<string, (levels: number) => string>> = {
  'a sum': (levels) => `SELECT ${Array(levels).fill('1').join('+')}`,
  'a text': (levels) => `SELECT ${Array(levels).fill("'a'").join('||')}`,
  'a list within a list': (levels) => `SELECT ${'['.repeat(levels)}${']'.repeat(levels)}`,
  'a call': (levels) => `SELECT ${'abs('.repeat(levels)}1${')'.repeat(levels)}`,
  'a negation': (levels) => `SELECT ${'NOT '.repeat(levels)}true`,
  'a choice': (levels) =>
    `SELECT ${'CASE WHEN true THEN '.repeat(levels)}1${' END'.repeat(levels)}`,
  'a query': (levels) => `${'SELECT * FROM ('.repeat(levels)}SELECT 1${')'.repeat(levels)}`,
  'a join': (levels) => `FROM ${Array.from({ length: levels }, (_, at) => `(SELECT 1) t${at}`)}`,
}

test.each([
  `SELECT ${Array(900).fill('1').join('+')}`,
  `SELECT ${Array(900).fill("'a'").join('||')}`,
  `SELECT ${'['.repeat(900)}${']'.repeat(900)}`,
])('%# of what took half a minute to plan is refused at once', async (sql) => {
  await expect(warehouse.query(sql)).rejects.toThrow(/nests more than 100 levels deep/)
})

test.each(Object.entries(nestings))(
  '%s of any depth is answered or refused at once',
  async (_, of) => {
    expect((await warehouse.query(of(questionDepthMax / 4))).rows).toHaveLength(1)
    await expect(warehouse.query(of(300))).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringMatching(/^the query nests more than 100 levels deep/),
    })
  },
)

const doublings: Readonly<Record<string, (times: number) => string>> = {
  'a query of WITH': (times) =>
    `WITH T0 AS (SELECT 1), ${Array.from({ length: times }, (_, at) => `t${at + 1} AS (FROM t${at}, t${at} b)`)} FROM t${times}`,
  'a query of WITH within another': (times) =>
    `WITH a AS (WITH t0 AS (SELECT 1), ${Array.from({ length: times }, (_, at) => `t${at + 1} AS (FROM t${at}, t${at} b)`)} FROM t${times}) FROM a`,
  'a column': (times) =>
    `SELECT 1 AS a0, ${Array.from({ length: times }, (_, at) => `A${at}+a${at} AS a${at + 1}`)}`,
}

test.each(Object.entries(doublings))(
  '%s that doubles sixteen times is refused at once',
  async (_, of) => {
    expect((await warehouse.query(of(6))).rows).toHaveLength(1)
    await expect(warehouse.query(of(16))).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringMatching(/^the query has more than 20000 parts once/),
    })
  },
)

test('columns that each name the one before are as deep as they are long', async () => {
  const of = (count: number) =>
    `SELECT 1 AS a0, ${Array.from({ length: count }, (_, at) => `a${at}+1 AS a${at + 1}`)}`
  expect((await warehouse.query(of(30))).rows).toHaveLength(1)
  await expect(warehouse.query(of(300))).rejects.toThrow(/nests more than 100 levels/)
})

test('a query of WITH may name itself, and a name of another place means nothing here', async () => {
  const recursive =
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 200) SELECT max(n) AS n FROM t'
  expect((await warehouse.query(recursive)).rows).toEqual([[200]])
  const steps = Array.from(
    { length: 60 },
    (_, at) => `t${at + 1} AS (SELECT a + a AS a FROM t${at})`,
  )
  const sql = `WITH t0 AS (SELECT 0 AS a), ${steps} SELECT a FROM t12`
  expect((await warehouse.query(sql)).rows).toEqual([[0]])
})

test('a wide query is not a deep one', async () => {
  const many = Array.from({ length: 900 }, (_, at) => at)
  const sql = `SELECT ${many} WHERE 1 IN (${many}) AND ${many.map((at) => `${at} >= 0`).join(' AND ')}`
  expect((await warehouse.query(sql)).rows).toHaveLength(1)
  const union = many.map((at) => `SELECT ${at}`).join(' UNION ALL ')
  expect((await warehouse.query(union)).rows).toHaveLength(900)
})

test('nothing of it left a file behind or changed a row', async () => {
  for (const sql of Object.values(refused).flat()) await warehouse.query(sql).catch(() => undefined)
  expect((await warehouse.query('SELECT count(*) FROM fills')).rows).toEqual([[1]])
  expect((await readdir(folder)).filter((name) => !name.startsWith('warehouse.duckdb'))).toEqual([])
  for (const path of ['log', 'fills.csv', 'export', 'other.duckdb'])
    expect(existsSync(`/tmp/asterai-${path}`)).toBe(false)
})

test('every function of DuckDB that is more than a computation is known here', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT function_name FROM duckdb_functions()
     WHERE function_type = 'scalar' AND (has_side_effects OR stability = 'VOLATILE') ORDER BY 1`,
  )
  const names = reader.getRows().map(([name]) => String(name))
  connection.closeSync()
  instance.closeSync()
  /** They tell something of this moment, or fail on purpose. */
  const harmless = [
    'current_connection_id',
    'current_query',
    'current_query_id',
    'current_transaction_id',
    'currval',
    'error',
    'gen_random_uuid',
    'random',
    'stats',
    'uuid',
    'uuidv4',
    'uuidv7',
  ]
  expect(names).toEqual([...harmless, ...valuesRefused].sort())
})
