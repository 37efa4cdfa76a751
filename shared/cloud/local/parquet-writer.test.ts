import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openParquetTable } from './parquet-table.ts'
import { openParquetWriter, writeParquet } from './parquet-writer.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parquet-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const columns = {
  at: 'timestamp',
  price: 'float',
  count: 'integer',
  name: 'string',
  isMaker: 'boolean',
} as const

test('every cell comes back as it was, in order, over several chunks, with the metadata', async () => {
  const path = join(folder, "it's.parquet")
  const count = 5_000
  const rows = Array.from({ length: count }, (_, index) => index)
  const writer = await openParquetWriter({
    path,
    columns,
    attributes: { source: "a 'quoted' one" },
  })
  for (const half of [rows.slice(0, 2_100), rows.slice(2_100)])
    writer.append([
      half.map((row) => 1_700_000_000_000_000 + row),
      half.map((row) => row / 7),
      half.map((row) => (row % 3 === 0 ? undefined : row - 10)),
      half.map((row) => `n'${row}`),
      half.map((row) => row % 2 === 0),
    ])
  expect(writer.rows).toBe(count)
  await writer.close()
  const table = await openParquetTable(path)
  expect([table.columns, table.rows, table.attributes]).toEqual([
    Object.keys(columns),
    count,
    { source: "a 'quoted' one" },
  ])
  let row = 0
  for await (const batch of table.batches)
    for (const cells of batch) {
      const whole = row % 3 === 0 ? undefined : row - 10
      expect(cells).toEqual([
        1_700_000_000_000_000 + row,
        row / 7,
        whole,
        `n'${row}`,
        row % 2 === 0,
      ])
      row++
    }
  expect(row).toBe(count)
  expect(readdirSync(folder)).toEqual(["it's.parquet"])
})

test.each([
  ['price', [[1], [Number.NaN], [1], ['a'], [true]], /row 1: price is NaN, not a float/],
  ['count', [[1], [1], [1.5], ['a'], [true]], /row 1: count is 1.5, not a integer/],
  ['at', [[0.5], [1], [1], ['a'], [true]], /row 1: at is 0.5, not a timestamp/],
])('a wrong %s is refused and leaves no file', async (_, cells, message) => {
  const path = join(folder, 'x.parquet')
  await expect(writeParquet({ path, columns, attributes: {} }, cells)).rejects.toThrow(message)
  expect(existsSync(path)).toBe(false)
})

test('a folder that is not there and a file that is no Parquet are named', async () => {
  const path = join(folder, 'none', 'x.parquet')
  const cells = [[1], [1], [1], ['a'], [true]]
  await expect(writeParquet({ path, columns, attributes: {} }, cells)).rejects.toThrow(
    /cannot write .*none\/x.parquet/,
  )
  await expect(openParquetTable(path)).rejects.toThrow(/there is no such file/)
  await expect(openParquetTable('package.json')).rejects.toThrow(/package.json is not a Parquet/)
})
