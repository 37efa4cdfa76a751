import type { QueryResult, Warehouse } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'

export const sqlRowsMax = 10_000

export type SqlAnswer = QueryResult & {
  /** More rows exist than are shown. */
  readonly isCut: boolean
}

/**
 * Runs one reading statement.
 *
 * SELECT and WITH are wrapped in a subquery: a statement that writes is not valid there, so the database itself
 * refuses it, whatever it hides behind.
 *
 * @throws TradingError QUERY_INVALID when it is not one reading statement, or the database refuses it
 */
export async function runReadOnlySql(
  warehouse: Pick<Warehouse, 'query'>,
  sql: string,
): Promise<SqlAnswer> {
  const statement = sql.trim().replace(/;\s*$/, '')
  const verb = /^[a-z]+/i.exec(statement)?.[0].toUpperCase() ?? ''
  if (!['SELECT', 'WITH', 'DESCRIBE', 'SHOW'].includes(verb))
    throw new TradingError(
      'QUERY_INVALID',
      `only SELECT, WITH, DESCRIBE and SHOW are allowed here, this begins with '${statement.slice(0, 20)}'`,
    )
  if (statement.includes(';'))
    throw new TradingError(
      'QUERY_INVALID',
      "one statement at a time: write chr(59) for a ';' inside a text",
    )
  const isWrapped = verb === 'SELECT' || verb === 'WITH'
  // The line break ends a comment on the last line, which would swallow the bracket.
  const bounded = isWrapped ? `SELECT * FROM (${statement}\n) LIMIT ${sqlRowsMax + 1}` : statement
  const { columns, rows } = await warehouse.query(bounded)
  return { columns, rows: rows.slice(0, sqlRowsMax), isCut: rows.length > sqlRowsMax }
}

/** JSON of database values: big integers, decimals and times as text. */
export const jsonFromAnswer = (answer: SqlAnswer): string =>
  JSON.stringify({ ...answer, rows: answer.rows.map((row) => row.map(plainValue)) })

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plainValue)
  if (value.toString !== Object.prototype.toString) return String(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]))
}
