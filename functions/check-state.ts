import type { AlertName } from '#shared/cloud/manifest/alert.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import { latestChecksQuery, readLatestChecks } from '#shared/cloud/query/check-state.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { Alert } from './alert.ts'
import { isoSeconds } from './function-call.ts'

/** One row of `data_checks`, but for its time. */
export type MarketCheck = {
  readonly name: string
  /** What was looked at: a symbol, a table and symbol, a source. */
  readonly subject: string
  readonly isOk: boolean
  /** Undefined when there was nothing to measure; that is never ok. */
  readonly observed: number | undefined
  readonly allowed: number
  readonly detail: string
}

/**
 * Stores checks, and says what changed since each was made before: a check that fails for the first time raises an
 * alert, one that is well again resolves it, one that stays as it was says nothing.
 *
 * Looks only at checks from before `atUs`, so that a repeated call comes to the same answer.
 *
 * @returns the alerts to raise
 */
export async function storeChecks(
  warehouse: Pick<Warehouse, 'insert' | 'query'>,
  checks: readonly MarketCheck[],
  { atUs, alert }: { readonly atUs: Micros; readonly alert: AlertName },
): Promise<readonly Alert[]> {
  if (checks.length === 0) return []
  const before = readLatestChecks(await warehouse.query(latestChecksQuery(atUs)))
  await warehouse.insert(
    'data_checks',
    checks.map(({ name, subject, isOk, observed, allowed, detail }) => ({
      check_name: name,
      subject,
      checked_at: atUs,
      is_ok: isOk,
      observed: observed ?? null,
      allowed,
      detail,
    })),
  )
  return checks.flatMap((check): readonly Alert[] => {
    const key = `${check.name}:${check.subject}`
    const failingSinceUs = before.get(key)?.failingSinceUs
    if (check.isOk === (failingSinceUs === undefined)) return []
    return [
      {
        alert,
        summary: `${check.name} ${check.subject}: ${check.isOk ? 'well again' : check.detail}`,
        detail: `observed ${check.observed ?? 'nothing'}, allowed ${check.allowed}, at ${isoSeconds(atUs)}`,
        atUs,
        // A recovery carries the key of the failure that it ends.
        dedupeKey: `${key}:${isoSeconds(failingSinceUs ?? atUs)}`,
        isResolved: check.isOk,
      },
    ]
  })
}
