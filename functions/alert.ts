import { type AlertName, alerts } from '#shared/cloud/manifest/alert.ts'
import type { AlertMessage, CommandMessage } from '#shared/cloud/message.ts'
import type { Bus } from '#shared/cloud/port.ts'

export type Alert = {
  readonly alert: AlertName
  /** One line. */
  readonly summary: string
  readonly detail?: string
  readonly atUs: number
  /** Names the episode; said twice, it is shown once. */
  readonly dedupeKey: string
  readonly isResolved?: boolean
}

/**
 * Tells people, and returns once the platform has it.
 *
 * @throws TradingError PLATFORM_UNREACHABLE when it could not be handed over: repeat the whole call
 */
export async function raiseAlerts(bus: Bus, raised: readonly Alert[]): Promise<void> {
  for (const { alert, summary, detail = '', atUs, dedupeKey, isResolved = false } of raised)
    bus.publish('alerts', {
      alert,
      severity: isResolved ? 'resolved' : alerts[alert].severity,
      summary,
      detail,
      recorded_at: atUs,
      dedupe_key: `${alert}:${dedupeKey}`,
    } satisfies AlertMessage)
  if (raised.length > 0) await bus.flush()
}

/**
 * Throws the kill switch of the executor: it cancels everything and places nothing until a person resumes, also
 * when it hears of it only after a restart.
 *
 * @throws TradingError PLATFORM_UNREACHABLE when it could not be handed over: repeat the whole call
 */
export async function killTrading(
  bus: Bus,
  { reason, by, atUs }: { readonly reason: string; readonly by: string; readonly atUs: number },
): Promise<void> {
  bus.publish('commands', { command: 'kill', reason, by, at: atUs } satisfies CommandMessage)
  await bus.flush('commands')
}
