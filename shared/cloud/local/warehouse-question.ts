import type { DuckDBConnection } from '@duckdb/node-api'

/** Functions that may stand behind FROM. All others are refused, so that one a later DuckDB adds is closed until read. */
const sourcesAllowed: ReadonlySet<string> = new Set([
  'duckdb_columns',
  'duckdb_constraints',
  'duckdb_functions',
  'duckdb_indexes',
  'duckdb_keywords',
  'duckdb_tables',
  'duckdb_types',
  'duckdb_views',
  'generate_series',
  'histogram',
  'histogram_values',
  'json_each',
  'json_tree',
  'pragma_table_info',
  'pragma_version',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
])

/** Functions of values that do more than compute one: they write, wait or change what follows. */
export const valuesRefused: ReadonlySet<string> = new Set([
  'nextval',
  'setseed',
  'sleep_ms',
  'write_log',
])

/**
 * Refuses what a reading transaction does not: in DuckDB `SELECT * FROM checkpoint()` is a query, and so is
 * `enable_logging(…)`, which with a path ends the whole process. DuckDB's own parser says what a statement calls, so
 * that nothing hides behind quotes, comments or spelling.
 *
 * @param sql - one statement
 * @throws Error with one line that says what is not allowed
 */
export async function checkQuestion(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql])
  const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as { readonly error: boolean }
  if (tree.error) throw new Error('only queries are answered: begin with SELECT, WITH or FROM')
  const open: unknown[] = [tree]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    const problem = problemOf(node as Node)
    if (problem !== undefined) throw new Error(problem)
    open.push(...Object.values(node))
  }
}

type Node = {
  readonly type?: unknown
  readonly function?: { readonly function_name?: unknown }
  readonly function_name?: unknown
}

function problemOf({ type, function: source, function_name: name }: Node): string | undefined {
  if (type === 'TABLE_FUNCTION') {
    const called = String(source?.function_name).toLowerCase()
    if (!sourcesAllowed.has(called))
      return `${called}() may not be called here: a query reads tables and changes nothing`
  }
  if (typeof name === 'string' && valuesRefused.has(name.toLowerCase()))
    return `${name}() may not be called here: a query computes and has no effect`
  return undefined
}
