import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { locks } from 'node:worker_threads'
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  StatementType,
} from '@duckdb/node-api'
import { TradingError } from '#shared/kernel/error.ts'
import type { QueryResult, Row, Warehouse } from '../port.ts'
import { decidingColumns, tableSpec } from '../row.ts'
import { makeFolder, unwritable } from './folder.ts'
import { checkQuestion } from './warehouse-question.ts'
import { chunkColumns, chunkTypes } from './warehouse-row.ts'
import { bringUpToDate, createStaging, requireUpToDate } from './warehouse-schema.ts'
import { plainFromValue } from './warehouse-value.ts'

export type WarehouseOptions = {
  /** Look, change nothing; the file must exist. */
  readonly readOnly?: boolean
  /** A longer answer is an error, so that a careless query cannot fill the memory. */
  readonly resultRowsMax?: number
  /** A query that takes longer is ended with an error; left out, it may take any time. */
  readonly queryMsMax?: number
  /** Hears, in one line each, what of a file of an earlier version was begun anew. */
  readonly report?: (line: string) => void
}

/** What a data chunk holds at most. */
const chunkRowsMax = 2048

/**
 * The warehouse as one DuckDB file with the tables of the manifest. One process at a time may have it open.
 *
 * Key columns are a primary key, and of rows with one key the same one stays whatever the order they came in: the second
 * delivery of a row changes nothing and `count(*)` is right without a word in the query. A file of an earlier version
 * gets the tables and columns it lacks, and keeps its rows.
 *
 * @param path - the file; it and its folder are made when absent
 * @throws TradingError WAREHOUSE_BUSY when the file is open elsewhere, in this process or another
 * @throws TradingError FILE_UNREADABLE when it is not a warehouse, cannot be written, is of a version that cannot be
 * brought up to date, or is absent with `readOnly`
 */
export async function openWarehouse(
  path: string,
  options: WarehouseOptions = {},
): Promise<Warehouse> {
  const readOnly = options.readOnly ?? false
  if (readOnly) await requireFile(path)
  else makeFolder(dirname(resolve(path)))

  const unlock = await lockWithinProcess(path)
  try {
    const instance = await openInstance(path, readOnly)
    const connection = await instance.connect()
    try {
      if (readOnly) await requireUpToDate(connection, path)
      else {
        await bringUpToDate(connection, path, options.report)
        await createStaging(connection)
      }
    } catch (error) {
      connection.closeSync()
      instance.closeSync()
      throw error
    }
    return bindWarehouse({ instance, connection, unlock, readOnly }, options)
  } catch (error) {
    unlock()
    throw error
  }
}

type OpenFile = {
  readonly instance: DuckDBInstance
  readonly connection: DuckDBConnection
  readonly unlock: () => void
  readonly readOnly: boolean
}

function bindWarehouse(
  file: OpenFile,
  { resultRowsMax = 100_000, queryMsMax }: WarehouseOptions,
): Warehouse {
  const { instance, connection, unlock, readOnly } = file
  let tail: Promise<unknown> = Promise.resolve()
  const queries = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  const requireOpen = () => {
    if (closing) throw new TradingError('STATE_CORRUPT', 'the warehouse was used after its close')
  }
  /** One at a time: all inserts share the staging tables of one connection. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work)
    tail = turn.catch(() => undefined)
    return turn
  }

  return {
    async insert(table, rows) {
      requireOpen()
      if (readOnly) throw new TradingError('STATE_CORRUPT', 'the warehouse was opened read-only')
      tableSpec(table)
      if (rows.length > 0) await inTurn(() => insertRows(connection, table, rows))
    },
    async query(sql) {
      requireOpen()
      const answer = runQuery(instance, sql, { resultRowsMax, queryMsMax })
      queries.add(answer)
      return await answer.finally(() => queries.delete(answer))
    },
    close() {
      closing ??= Promise.allSettled([tail, ...queries]).then(async () => {
        try {
          if (!readOnly) await connection.run('CHECKPOINT')
        } finally {
          connection.closeSync()
          instance.closeSync()
          unlock()
        }
      })
      return closing
    },
  }
}

async function insertRows(
  connection: DuckDBConnection,
  table: string,
  rows: readonly Row[],
): Promise<void> {
  const types = Object.values(tableSpec(table).columns).map((type) => chunkTypes[type])
  const staging = `staging_${table}`
  try {
    const appender = await connection.createAppender(staging)
    try {
      for (let start = 0; start < rows.length; start += chunkRowsMax) {
        const columns = chunkColumns(table, rows.slice(start, start + chunkRowsMax))
        const chunk = DuckDBDataChunk.create(types)
        chunk.setColumns(columns)
        appender.appendDataChunk(chunk)
      }
    } finally {
      appender.closeSync()
    }
    await connection.run(mergeSql(table, staging))
  } finally {
    await connection.run(`DELETE FROM ${staging}`)
  }
}

/** Takes staged rows over, of each key the one that shows. */
function mergeSql(table: string, staging: string): string {
  const { columns, key } = tableSpec(table)
  const list = (names: readonly string[], prefix = ''): string =>
    names.map((name) => `${prefix}"${name}"`).join(', ')
  const deciding = decidingColumns(table)
  const changing = Object.keys(columns).filter((name) => !key.includes(name))
  // By name: a column that was added to an older file stands last in it.
  const into = `"${table}" (${list(Object.keys(columns))})`
  if (deciding.length === 0) return `INSERT OR IGNORE INTO ${into} SELECT * FROM ${staging}`
  // A comparison of rows puts NULL behind everything, as ORDER BY does.
  return [
    `INSERT INTO ${into}`,
    `SELECT DISTINCT ON (${list(key)}) * FROM ${staging} ORDER BY ${list([...key, ...deciding])}`,
    `ON CONFLICT DO UPDATE SET ${changing.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`,
    `WHERE row(${list(deciding, 'excluded.')}) < row(${list(deciding, `"${table}".`)})`,
  ].join('\n')
}

/** A connection per query: its read-only transaction sees one moment and can change nothing. */
async function runQuery(
  instance: DuckDBInstance,
  sql: string,
  { resultRowsMax, queryMsMax }: { resultRowsMax: number; queryMsMax: number | undefined },
): Promise<QueryResult> {
  const connection = await instance.connect()
  let isLate = false
  const timer =
    queryMsMax !== undefined &&
    setTimeout(() => {
      isLate = true
      connection.interrupt()
    }, queryMsMax)
  try {
    const statements = await connection.extractStatements(sql.trim() || 'nothing')
    if (statements.count !== 1)
      throw new Error(`one statement at a time, not ${statements.count}: remove what follows ';'`)
    await checkQuestion(connection, sql)
    await connection.run('BEGIN TRANSACTION READ ONLY')
    const prepared = await statements.prepare(0)
    if (prepared.statementType !== StatementType.SELECT)
      throw new Error('only queries are answered: begin with SELECT, WITH or FROM')
    const reader = await prepared.streamAndReadUntil(resultRowsMax + 1)
    if (reader.currentRowCount > resultRowsMax)
      throw new Error(`more than ${resultRowsMax} rows: add a LIMIT or a GROUP BY`)
    return {
      columns: reader.columnNames(),
      rows: reader.getRows().map((row) => row.map(plainFromValue)),
    }
  } catch (cause) {
    const problem = isLate ? `no answer within ${queryMsMax} ms: ask for less` : queryProblem(cause)
    throw new TradingError('QUERY_INVALID', problem, { sql }, cause)
  } finally {
    if (timer) clearTimeout(timer)
    connection.closeSync()
  }
}

function queryProblem(cause: unknown): string {
  const lines = (cause as Error).message.replace('Failed to extract statements: ', '').split('\n')
  return lines.filter((line) => line.trim() && !/^\s*\^|^LINE /.test(line)).join(' ')
}

async function openInstance(path: string, readOnly: boolean): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, {
      access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE',
      // A query typed into the console must not reach other files of the machine.
      enable_external_access: 'false',
      // Nor may it give itself that reach, or more memory, later.
      lock_configuration: 'true',
      // The trader needs the cores more than a query does.
      threads: '1',
      memory_limit: '1GB',
    })
  } catch (cause) {
    const reason = (cause as Error).message
    if (/lock/i.test(reason)) throw busy(path, /PID (\d+)/.exec(reason)?.[1])
    if (/Permission denied|Read-only file system/.test(reason))
      throw readOnly ? unreadable(path, cause) : unwritable(path, cause)
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} is not a warehouse: ${reason.split('\n')[0]}; move it away or name another file`,
      { path },
      cause,
    )
  }
}

const unreadable = (path: string, cause: unknown): TradingError =>
  new TradingError(
    'FILE_UNREADABLE',
    `cannot read ${path}: permission denied; ask as the user who ran it`,
    { path },
    cause,
  )

const busy = (path: string, pid: string | undefined): TradingError =>
  new TradingError(
    'WAREHOUSE_BUSY',
    `${path} is open in ${pid ? `process ${pid}` : 'this process'}; ` +
      'stop that run, or ask it through the console',
    { path },
  )

/**
 * The file lock is per process: a second open from another thread would succeed and corrupt the file.
 *
 * @returns a function that lets go
 */
async function lockWithinProcess(path: string): Promise<() => void> {
  const held = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<boolean>()
  locks
    .request(`warehouse ${resolve(path)}`, { ifAvailable: true }, (lock) => {
      answered.resolve(lock !== null)
      return lock === null ? undefined : held.promise
    })
    .catch(answered.reject)
  if (!(await answered.promise)) throw busy(path, undefined)
  return held.resolve
}

async function requireFile(path: string): Promise<void> {
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
  if (!isFile)
    throw new TradingError('FILE_UNREADABLE', `no warehouse at ${path}; run 'npm start' first`, {
      path,
    })
}
