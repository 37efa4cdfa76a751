import type { QueryResult } from '#shared/cloud/port.ts'

/** Longer cells are cut, with a mark: `--json` shows them whole. */
const cellWidthMax = 80

/**
 * A query result as an aligned table for a terminal: numbers to the right, null as nothing, times to the second or
 * as fine as they are.
 */
export function formatTable({ columns, rows }: QueryResult): string {
  const cells = rows.map((row) => row.map(formatCell))
  const isNumeric = columns.map((_, index) => {
    const values = rows.map((row) => row[index]).filter((value) => value !== null)
    return values.length > 0 && values.every(isNumberLike)
  })
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return isNumeric[index] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const count = `(${rows.length} row${rows.length === 1 ? '' : 's'})`
  return `${[line(columns), rule, ...cells.map(line), count].join('\n')}\n`
}

function formatCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return cut(shortTime(value))
  return cut(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** Controls would break the columns, or steer the terminal. */
const cut = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not reach the terminal
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return clean.length > cellWidthMax ? `${clean.slice(0, cellWidthMax - 1)}…` : clean
}

const shortTime = (text: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text)
    ? text.replace(/\.000000Z$/, 'Z').replace(/000Z$/, 'Z')
    : text

const isNumberLike = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
