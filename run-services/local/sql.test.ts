import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import { fillRow } from '#test/contract/warehouse.conformance.ts'
import { runSql } from './sql.ts'
import { formatTable } from './sql-table.ts'

let folder = ''
let file = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-sql-'))
  file = join(folder, 'warehouse.duckdb')
  const warehouse = await openWarehouse(file)
  await warehouse.insert('fills', [
    fillRow(1, { strategy: 'grid', fee: '-0.25', mid: null }),
    fillRow(2, { fee: '12.5' }),
    fillRow(3, { fee: '0.00000001', event_time: 1_700_000_000_000_000 }),
  ])
  await warehouse.close()
})

test('prints an aligned table, numbers to the right', async () => {
  const sql = 'select strategy, count(*) as fills, sum(fee) as fee from fills group by 1 order by 1'
  expect(await runSql(['--file', file, sql])).toEqual({
    exitCode: 0,
    text: [
      'strategy  fills          fee',
      '--------  -----  -----------',
      'glft          2  12.50000001',
      'grid          1  -0.25000000',
      '(2 rows)',
      '',
    ].join('\n'),
  })
})

test('prints times as ISO UTC and null as nothing', async () => {
  const sql = 'select event_time, mid, side from fills order by trade_id'
  expect((await runSql(['--file', file, sql])).text.split('\n').slice(2, 5)).toEqual([
    '2023-11-14T22:13:20.000001Z            buy',
    '2023-11-14T22:13:20.000001Z  64000.05  buy',
    '2023-11-14T22:13:20Z         64000.05  buy',
  ])
})

test('prints JSON that is the query result itself', async () => {
  const { text } = await runSql(['--file', file, '--json', 'select trade_id from fills order by 1'])
  expect(JSON.parse(text)).toEqual({ columns: ['trade_id'], rows: [[1], [2], [3]] })
})

test('lists every table with its rows', async () => {
  const { text } = await runSql(['--file', file, '--tables', '--json'])
  const { rows } = JSON.parse(text)
  expect(rows).toEqual(
    Object.entries(tables).map(([name, { what }]) => [name, name === 'fills' ? 3 : 0, what]),
  )
})

test('help shows examples', async () => {
  const { text, exitCode } = await runSql(['--help'])
  expect([exitCode, text]).toEqual([0, expect.stringContaining('npm run sql -- "select')])
})

test.each<[string, readonly string[], RegExp]>([
  ['no query', [], /^error: give one query in quotes/],
  ['a query without quotes', ['select', '1'], /^error: give one query in quotes/],
  [
    'an unknown option',
    ['--jsn', 'select 1'],
    /^error: unknown option --jsn; did you mean --json\?$/,
  ],
  ['a missing file', ['--file', '/nowhere/w.duckdb', 'select 1'], /run 'npm start' first$/],
])('answers %s with one line and exit code 2', async (_, args, line) => {
  const { text, exitCode } = await runSql(args)
  expect(exitCode).toBe(2)
  expect(text.trimEnd()).toMatch(line)
  expect(text.trimEnd()).not.toContain('\n')
})

test.each([
  ['selec 1', /^error: Parser Error: syntax error/],
  ['select * from fill', /^error: Catalog Error: Table with name fill does not exist/],
  ['drop table fills', /^error: /],
])('answers the faulty query %j with one line and exit code 2', async (sql, line) => {
  const { text, exitCode } = await runSql(['--file', file, sql])
  expect([exitCode, text.trimEnd().includes('\n')]).toEqual([2, false])
  expect(text).toMatch(line)
})

test('formats what a terminal must not get as spaces, and cuts long cells', () => {
  const text = formatTable({ columns: ['a', 'b'], rows: [['\u001b[31mred\n', 'x'.repeat(200)]] })
  expect(text.split('\n')).toHaveLength(5)
  expect(text).toContain(' [31mred ')
  expect(text).toContain(`${'x'.repeat(79)}…`)
})

test('an empty answer shows its columns', () => {
  expect(formatTable({ columns: ['strategy', 'fills'], rows: [] })).toBe(
    'strategy  fills\n--------  -----\n(0 rows)\n',
  )
})

describe('while a run holds the file', () => {
  const opened: { close(): unknown }[] = []
  afterAll(async () => {
    for (const each of opened) await each.close()
  })

  async function heldFile(): Promise<string> {
    const path = join(await mkdtemp(join(tmpdir(), 'asterai-sql-')), 'warehouse.duckdb')
    opened.push(await openWarehouse(path))
    return path
  }

  /** A console that answers `status` and `body`, and remembers what it was asked. */
  async function startConsole(path: string, status: number, body: unknown) {
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (bytes) => {
        text += bytes
      })
      request.on('end', () => {
        const { method, url, headers } = request
        asked.push([method, url, headers.authorization, JSON.parse(text)])
        response.writeHead(status).end(JSON.stringify(body))
      })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    opened.push(server)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await writeFile(join(path, '..', 'console.json'), JSON.stringify({ url, token: 'open-sesame' }))
    return { asked, url }
  }

  test('without a console the line names the remedy', async () => {
    const { text, exitCode } = await runSql(['--file', await heldFile(), 'select 1'])
    expect(exitCode).toBe(1)
    expect(text).toMatch(/^error: .* is open in this process; stop that run[^\n]*\n$/)
  })

  test('the console of the run answers instead', async () => {
    const path = await heldFile()
    const answer = { columns: ['fills'], rows: [[7]] }
    const { asked } = await startConsole(path, 200, answer)
    const sql = 'select count(*) as fills from fills'
    const { text, exitCode } = await runSql(['--file', path, '--json', sql])
    expect([exitCode, JSON.parse(text)]).toEqual([0, answer])
    expect(asked).toEqual([['POST', '/api/sql', 'Bearer open-sesame', { sql }]])
  })

  test('an answer that the console cut is refused, not shown as whole', async () => {
    const path = await heldFile()
    await startConsole(path, 200, { columns: ['a'], rows: [[1]], isCut: true })
    const { text, exitCode } = await runSql(['--file', path, 'select a from fills'])
    expect([exitCode, text]).toEqual([2, expect.stringContaining('add a LIMIT')])
  })

  test('its refusal is shown as ours would be', async () => {
    const path = await heldFile()
    await startConsole(path, 400, { error: 'no such table', remedy: 'check the name' })
    expect(await runSql(['--file', path, 'select 1'])).toEqual({
      exitCode: 2,
      text: 'error: no such table; check the name\n',
    })
  })

  test.each([
    ['not json', /console.json does not name a console/, 2],
    ['{"url":"file:///etc/passwd","token":"x"}', /does not name a console/, 2],
    ['{"url":"http://127.0.0.1:1","token":"x"}', /does not answer; stop the run/, 1],
  ])('a console file %j gives one clear line', async (content, line, code) => {
    const path = await heldFile()
    await writeFile(join(path, '..', 'console.json'), content)
    const { text, exitCode } = await runSql(['--file', path, 'select 1'])
    expect([exitCode, text.trimEnd().includes('\n')]).toEqual([code, false])
    expect(text).toMatch(line)
  })
})

test('rows of a run that was killed are there', { timeout: 60_000 }, async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'asterai-sql-')), 'warehouse.duckdb')
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { openWarehouse } = await import(process.argv[1])
       const warehouse = await openWarehouse(process.argv[2])
       await warehouse.insert('fills', [JSON.parse(process.argv[3])])
       process.stdout.write('stored')
       setInterval(() => {}, 1000)`,
      new URL('../../shared/cloud/local/warehouse.ts', import.meta.url).href,
      path,
      JSON.stringify(fillRow(1)),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((stored) => child.stdout.once('data', stored))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  const { text } = await runSql(['--file', path, '--json', 'select trade_id from fills'])
  expect(JSON.parse(text)).toMatchObject({ rows: [[1]] })
})
