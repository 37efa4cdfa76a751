import { z } from 'zod'
import { lastHeartbeatQuery, readLastHeartbeat } from '#shared/cloud/query/heartbeat.ts'
import {
  type Micros,
  microsPerDay,
  microsPerHour,
  microsPerMinute,
  microsPerSecond,
} from '#shared/kernel/unit.ts'
import { killTrading, raiseAlerts } from '../alert.ts'
import { type FunctionPorts, type FunctionReport, isoSeconds, readInput } from '../function-call.ts'

const inputSchema = z.strictObject({})

/** The venue's dead-man switch fires after the same time. */
const silenceUsMax = 120 * microsPerSecond
/** A heartbeat further back belongs to a system that was taken down. */
const memoryUs = 30 * microsPerDay
/** An episode is told in its first minutes and then once an hour, always under one key. */
const firstUs = 3 * microsPerMinute
/** A kill is as often said again: the platform forgets a message some day, the silence may last longer. */
const killEveryUs = 5 * microsPerMinute

/**
 * Looks for the executor's signs of life from outside of it.
 *
 * After 120 s of silence people are told and the kill switch is thrown. By then the venue's own dead-man switch has
 * canceled what worked; the kill is for the executor that comes back: after an unexplained silence it may look at its
 * account but places nothing until a person resumes. The kill is therefore said again as long as the silence lasts, so
 * that one is waiting whenever it comes back; repeats change nothing. A deployment hands over within seconds and is not
 * caught by this.
 *
 * The silence is measured at the scheduled time, so a repeated call says the same.
 *
 * @throws TradingError OPTION_INVALID, QUERY_INVALID, PLATFORM_UNREACHABLE
 */
export async function guardLiveness(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Pick<FunctionPorts, 'warehouse' | 'bus' | 'openedUs'>,
): Promise<FunctionReport> {
  readInput(inputSchema, input)
  const fromUs = Math.max(scheduledAtUs - memoryUs, ports.openedUs ?? 0)
  const last = readLastHeartbeat(
    await ports.warehouse.query(lastHeartbeatQuery('executor', fromUs, scheduledAtUs)),
  )
  if (!last)
    return {
      function: 'guard-liveness',
      isSilent: false,
      note: `no executor has reported since ${isoSeconds(fromUs)}: nothing to guard`,
    }
  const silentUs = scheduledAtUs - last.recordedAtUs
  const silentSeconds = Math.round(silentUs / microsPerSecond)
  const known = {
    function: 'guard-liveness',
    silentSeconds,
    holder: last.holder,
    isKilled: last.isKilled,
    workingOrders: last.workingOrders,
  }
  if (silentUs <= silenceUsMax) return { ...known, isSilent: false }

  const beyondUs = silentUs - silenceUsMax
  const isDue = (everyUs: number) => beyondUs <= firstUs || beyondUs % everyUs < microsPerMinute
  const isTold = isDue(microsPerHour)
  if (isTold)
    await raiseAlerts(ports.bus, [
      {
        alert: 'executor-silent',
        summary: `executor ${last.holder} has been silent for ${silentSeconds} s`,
        detail: `${stateOf(last)} ${afterwards} Last heartbeat ${isoSeconds(last.recordedAtUs)}, run ${last.runId}.`,
        atUs: scheduledAtUs,
        dedupeKey: `${last.holder}:${isoSeconds(last.recordedAtUs)}`,
      },
    ])
  const isKillSent = isDue(killEveryUs) && !last.isKilled
  if (isKillSent)
    await killTrading(ports.bus, {
      reason: `no sign of life for ${silentSeconds} s; look at the account, then resume`,
      by: 'guard-liveness',
      atUs: scheduledAtUs,
    })
  return { ...known, isSilent: true, isTold, isKillSent }
}

const afterwards = 'Whenever it comes back it is killed: it trades only after a person resumes.'

function stateOf(last: { readonly isKilled: boolean; readonly workingOrders: number }): string {
  if (last.isKilled) return 'It was killed before: it had nothing to place.'
  return last.workingOrders > 0
    ? `It had ${last.workingOrders} working orders: the dead-man switch of the venue cancels them 120 s after its last refresh; positions stay open.`
    : 'It had no working orders; positions, if any, stay open.'
}
