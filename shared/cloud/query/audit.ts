import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom } from './time.ts'

/** One row of `audit_log`, as it was written. */
export type AuditRow = {
  /** 1 for the first; no number is left out. */
  readonly sequence: number
  readonly recorded_at: Micros
  readonly request_id: string
  readonly actor: string
  readonly role: string
  readonly action: string
  readonly outcome: string
  /** HTTP status of the reply; null while the action has only begun. */
  readonly status: number | null
  /** JSON, kept as the text that was written: the hash is over this text. */
  readonly detail: string
  readonly previous_hash: string
  readonly row_hash: string
}

const columns = [
  'sequence',
  'recorded_at',
  'request_id',
  'actor',
  'role',
  'action',
  'outcome',
  'status',
  'detail',
  'previous_hash',
  'row_hash',
] as const

const select = `SELECT ${columns.join(', ')} FROM audit_log`

/** Rows after a sequence, oldest first: what a check of the whole chain reads page by page. */
export const auditAfterSql = (sequence: number, rowsMax: number): string =>
  `${select} WHERE sequence > ${whole(sequence)} ORDER BY sequence, row_hash LIMIT ${whole(rowsMax)}`

/** Rows before a sequence, newest first: what a person reads. */
export const auditBeforeSql = (sequence: number, rowsMax: number): string =>
  `${select} WHERE sequence < ${whole(sequence)} ORDER BY sequence DESC, row_hash DESC LIMIT ${whole(rowsMax)}`

function whole(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TradingError('QUERY_INVALID', `${value} is no sequence or count of rows`)
  return String(value)
}

/** @throws TradingError AUDIT_BROKEN when a value is not of its column's kind, so that nothing odd passes as text */
export function auditRowsFrom(result: QueryResult): readonly AuditRow[] {
  const places = columns.map((name) => result.columns.indexOf(name))
  return result.rows.map((values) => {
    const cell = (name: (typeof columns)[number]) => values[places[columns.indexOf(name)]!]
    const text = (name: (typeof columns)[number]): string => {
      const value = cell(name)
      if (typeof value !== 'string') throw broken(name, value)
      return value
    }
    const integer = (name: (typeof columns)[number]): number => {
      const value = Number(cell(name))
      if (!Number.isSafeInteger(value)) throw broken(name, cell(name))
      return value
    }
    return {
      sequence: integer('sequence'),
      recorded_at: microsFrom(cell('recorded_at')),
      request_id: text('request_id'),
      actor: text('actor'),
      role: text('role'),
      action: text('action'),
      outcome: text('outcome'),
      status: cell('status') === null ? null : integer('status'),
      detail: text('detail'),
      previous_hash: text('previous_hash'),
      row_hash: text('row_hash'),
    }
  })
}

const broken = (column: string, value: unknown): TradingError =>
  new TradingError('AUDIT_BROKEN', `audit_log.${column} holds ${JSON.stringify(value)}`)
