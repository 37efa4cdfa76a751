import type { DuckDBConnection } from '@duckdb/node-api'
import { sizeQuestion } from './warehouse-question-size.ts'

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
 * How deep expressions, joins and queries within queries may nest. The planner's time grows with the cube of it, and the
 * planner hears no interrupt: 100 levels take 0.05 s, 900 take half a minute that no time limit ends.
 */
export const questionDepthMax = 100

/** How many parts a query may have once its names stand for what they name; planning them takes up to three seconds. */
export const questionPartsMax = 20_000

/**
 * Refuses what a reading transaction does not: in DuckDB `SELECT * FROM checkpoint()` is a query, and so is
 * `enable_logging(…)`, which with a path ends the whole process. DuckDB's own parser says what a statement calls, so
 * that nothing hides behind quotes, comments or spelling. Refused as well is what the planner would not end in time:
 * see {@link questionDepthMax} and {@link questionPartsMax}.
 *
 * @param sql - one statement
 * @throws Error with one line that says what is not allowed
 */
export async function checkQuestion(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql])
  const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as { readonly error: boolean }
  if (tree.error) throw new Error('only queries are answered: begin with SELECT, WITH or FROM')
  const open: { readonly node: unknown; readonly depth: number }[] = [{ node: tree, depth: 0 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { node } = next
    if (typeof node !== 'object' || node === null) continue
    const problem = problemOf(node as Node)
    if (problem !== undefined) throw new Error(problem)
    const depth = next.depth + Number(typeof (node as Node).type === 'string')
    if (depth > questionDepthMax) throw new Error(tooDeep)
    for (const part of Object.values(node)) open.push({ node: part, depth })
  }
  const { parts, depth } = sizeQuestion(tree)
  if (depth > questionDepthMax) throw new Error(tooDeep)
  if (parts > questionPartsMax) throw new Error(tooMany)
}

const tooDeep =
  `the query nests more than ${questionDepthMax} levels deep, and would take too long to plan: ` +
  "a chain of '+' or '||' counts one level a term; use a list with list_sum(), concat() or smaller steps"

const tooMany =
  `the query has more than ${questionPartsMax} parts once its names stand for what they name, and would take too long ` +
  'to plan: name a query of WITH or a column of the same SELECT less often'

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
