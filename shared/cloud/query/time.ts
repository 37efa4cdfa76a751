import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'

/** A time as a literal that DuckDB and BigQuery read alike, exact to the microsecond. */
export function moment(us: number): string {
  if (!Number.isSafeInteger(us) || us < 0)
    throw new TradingError('QUERY_INVALID', `${us} is no time in microseconds`)
  const seconds = new Date(Math.floor(us / 1_000_000) * 1_000).toISOString().slice(0, 19)
  return `TIMESTAMP '${seconds.replace('T', ' ')}.${String(us % 1_000_000).padStart(6, '0')}'`
}

/** @throws TradingError QUERY_INVALID when the database answered something else than a time */
export function microsFrom(value: unknown): Micros {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(String(value))
  if (!match) throw new TradingError('QUERY_INVALID', `'${value}' is no time`)
  return (Date.parse(`${match[1]}Z`) * 1_000 + Number((match[2] ?? '').padEnd(6, '0'))) as Micros
}

/** @throws TradingError QUERY_INVALID when the database answered something else than a number */
export function numberFrom(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new TradingError('QUERY_INVALID', `'${value}' is no number`)
  return number
}

/** A list of texts for `IN (…)`; names of the field only, so that nothing can end the text. */
export function nameList(names: readonly string[]): string {
  for (const name of names)
    if (!/^[\w:. -]{1,80}$/.test(name))
      throw new TradingError('QUERY_INVALID', `'${name.slice(0, 40)}' is no name`)
  if (names.length === 0) throw new TradingError('QUERY_INVALID', 'a list of names is empty')
  return names.map((name) => `'${name}'`).join(', ')
}
