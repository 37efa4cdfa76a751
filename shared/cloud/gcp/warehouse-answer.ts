import type { QueryResult } from '../port.ts'
import { isoFromMicros } from '../row.ts'

/** A column of an answer, as the REST API describes it. */
export type AnswerField = {
  readonly name?: string
  readonly type?: string
  readonly mode?: string
  readonly fields?: readonly AnswerField[]
}

type Cell = { readonly v?: unknown }
type Cells = { readonly f?: readonly Cell[] }

/** Rows of the REST API in the plain values that every warehouse answers with. */
export const plainRows = (
  fields: readonly AnswerField[],
  rows: readonly Cells[],
): QueryResult['rows'] =>
  rows.map(({ f }) => fields.map((field, index) => plainFromCell(field, f?.[index]?.v)))

/**
 * Money has at least 8 decimals and integers past 2^53 stay text, so nothing exact is lost; times are ISO 8601 UTC
 * with microseconds, asked for as microseconds.
 */
function plainFromCell(field: AnswerField, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (field.mode === 'REPEATED')
    return (value as readonly Cell[]).map(({ v }) =>
      plainFromCell({ ...field, mode: 'NULLABLE' }, v),
    )
  const text = String(value)
  switch (field.type) {
    case 'INTEGER':
    case 'INT64':
      return Number.isSafeInteger(Number(text)) ? Number(text) : text
    case 'FLOAT':
    case 'FLOAT64':
      return Number.isFinite(Number(text)) ? Number(text) : text
    case 'BOOLEAN':
    case 'BOOL':
      return text === 'true'
    case 'NUMERIC':
      return withEightDecimals(text)
    case 'TIMESTAMP':
      // bigquery-emulator spells a time within a record as text.
      return /^-?\d+$/.test(text) ? isoFromMicros(BigInt(text)) : text
    case 'RECORD':
    case 'STRUCT':
      return Object.fromEntries(
        (field.fields ?? []).map((inner, index) => [
          inner.name,
          plainFromCell(inner, (value as Cells).f?.[index]?.v),
        ]),
      )
    default:
      return text
  }
}

const withEightDecimals = (text: string): string => {
  const [whole = '0', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(8, '0')}`
}
