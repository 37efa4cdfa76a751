import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { onOutputClosed } from '#shared/cloud/command-line/closed-output.ts'
import { type Command, readCommandLine } from '#shared/cloud/command-line/command.ts'
import { helpText } from '#shared/cloud/command-line/help.ts'
import { file, flag } from '#shared/cloud/command-line/option.ts'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import type { QueryResult } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { formatTable } from './sql-table.ts'

export const sqlCommand = {
  call: 'npm run sql',
  what: 'asterai sql - asks the warehouse of all runs in run/, also while one goes on',
  words: { value: 'QUERY', what: 'one query, in quotes', least: 0 },
  options: {
    tables: flag('all tables with their row counts, instead of a query'),
    json: flag('the answer as JSON instead of a table'),
    file: file({ what: 'another warehouse file', default: 'run/warehouse.duckdb' }),
  },
  examples: [
    'npm run sql -- "select strategy, count(*) from fills group by 1"',
    'npm run sql -- "select symbol, sum(fee) as fees from fills group by 1 order by fees"',
    'npm run sql -- "select recorded_at, verdict, reason from decisions order by 1 desc limit 10"',
    'npm run sql -- --tables',
  ],
  notes: [
    'Runs with --cloud emulated have a warehouse of their own, which ends with them: none of their rows are here.',
    'Decimals and times are exact: money keeps 8 decimals, times are UTC.',
  ],
} satisfies Command

export type SqlOutput = { readonly text: string; readonly exitCode: 0 | 1 | 2 }

/**
 * `npm run sql`: answers one query as text.
 *
 * @param args - the words behind `npm run sql --`
 */
export async function runSql(args: readonly string[]): Promise<SqlOutput> {
  try {
    const given = readCommandLine(sqlCommand, args)
    if (given === 'help') return { text: `${helpText(sqlCommand)}\n`, exitCode: 0 }
    const { file, json, tables } = given.options
    const result = await ask(file, tables ? tablesQuery : readQuery(given.words))
    const text = json ? `${JSON.stringify(result)}\n` : formatTable(result)
    return { text, exitCode: 0 }
  } catch (error) {
    if (!(error instanceof TradingError)) throw error
    const exitCode = error.remedy === 'reject-input' ? 2 : 1
    return { text: `error: ${error.message}\n`, exitCode }
  }
}

function readQuery(positionals: readonly string[]): string {
  const [sql] = positionals
  if (positionals.length !== 1 || !sql?.trim())
    throw invalidOption(
      'give one query in quotes, as in npm run sql -- "select count(*) from fills"',
    )
  return sql
}

/** One line per table, so that an empty warehouse shows what will be there. */
const tablesQuery = Object.entries(tables)
  .map(
    ([name, { what }]) =>
      `SELECT '${name}' AS "table", count(*) AS "rows", '${what.replaceAll("'", "''")}' AS "what" FROM ${name}`,
  )
  .join(' UNION ALL ')

async function ask(file: string, sql: string): Promise<QueryResult> {
  try {
    const warehouse = await openWarehouse(file, { readOnly: true })
    try {
      return await warehouse.query(sql)
    } finally {
      await warehouse.close()
    }
  } catch (error) {
    const isBusy = error instanceof TradingError && error.code === 'WAREHOUSE_BUSY'
    const consoleFile = join(dirname(file), 'console.json')
    if (!isBusy || !existsSync(consoleFile)) throw error
    return await askConsole(consoleFile, sql)
  }
}

const consoleSchema = z.object({ url: z.url({ protocol: /^https?$/ }), token: z.string().min(1) })
const answerSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  isCut: z.boolean().default(false),
})
const failureSchema = z.object({ error: z.string(), remedy: z.string().default('') })

/** The run that holds the file answers for it. */
async function askConsole(consoleFile: string, sql: string): Promise<QueryResult> {
  const { url, token } = readConsoleFile(consoleFile)
  let status: number
  let body: unknown
  try {
    const reply = await fetch(new URL('/api/sql', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
      signal: AbortSignal.timeout(30_000),
    })
    status = reply.status
    body = await reply.json()
  } catch (cause) {
    throw new TradingError(
      'WAREHOUSE_BUSY',
      `a run holds the warehouse but its console at ${url} does not answer; stop the run and ask again`,
      {},
      cause,
    )
  }
  const answer = answerSchema.safeParse(body)
  if (status === 200 && answer.success) {
    const { columns, rows, isCut } = answer.data
    if (!isCut) return { columns, rows }
    throw new TradingError(
      'QUERY_INVALID',
      `a running console answers ${rows.length} rows at most; add a LIMIT or a GROUP BY`,
    )
  }
  const failure = failureSchema.safeParse(body)
  throw new TradingError(
    status >= 500 ? 'WAREHOUSE_BUSY' : 'QUERY_INVALID',
    failure.success
      ? [failure.data.error, failure.data.remedy].filter(Boolean).join('; ')
      : `the console at ${url} answered ${status}`,
  )
}

function readConsoleFile(path: string): z.infer<typeof consoleSchema> {
  try {
    return consoleSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} does not name a console (url and token); stop the run and ask again`,
      { path },
      cause,
    )
  }
}

if (import.meta.main) {
  onOutputClosed()
  const { text, exitCode } = await runSql(process.argv.slice(2))
  const stream = exitCode === 0 ? process.stdout : process.stderr
  stream.write(text)
  process.exitCode = exitCode
}
