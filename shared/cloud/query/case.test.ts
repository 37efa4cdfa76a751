import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWarehouse } from '../local/warehouse.ts'
import type { Warehouse } from '../port.ts'
import { queryCases, queryRows } from './case.fixture.ts'

let warehouse: Warehouse
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'asterai-query-'))
  warehouse = await openWarehouse(join(folder, 'warehouse.duckdb'))
  for (let delivery = 0; delivery < 2; delivery++)
    for (const [table, rows] of Object.entries(queryRows)) await warehouse.insert(table, rows)
})
afterAll(() => warehouse?.close())

test.each(queryCases)('DuckDB answers: $name', async ({ sql, read, expected }) => {
  expect(read(await warehouse.query(sql))).toEqual(expected)
})

test('every query of this folder is among the cases', async () => {
  const folder = new URL('.', import.meta.url)
  const cases = await readFile(new URL('case.fixture.ts', folder), 'utf8')
  for (const file of await readdir(folder)) {
    if (/\.(test|fixture)\.ts$/.test(file)) continue
    const text = await readFile(new URL(file, folder), 'utf8')
    for (const [, name = ''] of text.matchAll(/export (?:const|function) (\w+(?:Query|Sql))\b/g))
      expect(cases.match(new RegExp(`\\b${name}\\(`)), `${name} of ${file}`).not.toBeNull()
  }
})
