import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, nameList, numberFrom } from './time.ts'

export type LastHeartbeat = {
  readonly service: string
  readonly holder: string
  readonly runId: string
  readonly recordedAtUs: Micros
  readonly isKilled: boolean
  readonly workingOrders: number
}

/** The last sign of life of a service between two times; no row when there was none. */
export const lastHeartbeatQuery = (service: string, fromUs: number, untilUs: number): string =>
  `SELECT service, holder, run_id, recorded_at, is_killed, working_orders
FROM heartbeats
WHERE service IN (${nameList([service])})
  AND recorded_at >= ${moment(fromUs)} AND recorded_at <= ${moment(untilUs)}
ORDER BY recorded_at DESC
LIMIT 1`

/** The row of {@link lastHeartbeatQuery}; undefined when there was no sign of life. */
export function readLastHeartbeat({ rows }: QueryResult): LastHeartbeat | undefined {
  const [row] = rows
  if (!row) return undefined
  const [service, holder, runId, recordedAt, isKilled, workingOrders] = row
  return {
    service: String(service),
    holder: String(holder),
    runId: String(runId),
    recordedAtUs: microsFrom(recordedAt),
    isKilled: isKilled === true,
    workingOrders: numberFrom(workingOrders),
  }
}
