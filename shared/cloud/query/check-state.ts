import { microsPerDay } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment } from './time.ts'

/** A check that was not made for this long is forgotten. */
const checkMemoryDays = 7

/** Since when each check of `data_checks` fails, looking only at times before `atUs`. For DuckDB and BigQuery. */
export function latestChecksQuery(atUs: number): string {
  const fromUs = atUs - checkMemoryDays * microsPerDay
  return `SELECT check_name, subject,
  MIN(CASE WHEN last_ok_at IS NULL OR checked_at > last_ok_at THEN checked_at END) AS failing_since
FROM (
  SELECT check_name, subject, checked_at,
    MAX(CASE WHEN is_ok THEN checked_at END) OVER (PARTITION BY check_name, subject) AS last_ok_at
  FROM data_checks
  WHERE checked_at >= ${moment(fromUs)} AND checked_at < ${moment(atUs)}
) AS marked
GROUP BY check_name, subject
ORDER BY check_name, subject`
}

/** `failingSinceUs` is undefined when the check was well. */
export type CheckState = { readonly failingSinceUs: number | undefined }

/** By `check name:subject`; a check that was never made is absent. */
export const readLatestChecks = ({ rows }: QueryResult): ReadonlyMap<string, CheckState> =>
  new Map(
    rows.map(([name, subject, since]) => [
      `${name}:${subject}`,
      { failingSinceUs: since === null ? undefined : microsFrom(since) },
    ]),
  )
