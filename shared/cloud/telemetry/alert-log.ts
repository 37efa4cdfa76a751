import type { AlertMessage } from '../message.ts'
import type { Bus } from '../port.ts'
import type { Log } from './log.ts'

const severities = { critical: 'CRITICAL', warning: 'WARNING', resolved: 'INFO' } as const

/**
 * A bus that also writes every alert as one line of the log, with the field `alert`: that is what the alert policies of
 * the platform count. An end of an episode is logged too, below the severity they count.
 */
export function logAlerts(bus: Bus, log: Log): Bus {
  return {
    ...bus,
    publish(topic, message) {
      bus.publish(topic, message)
      if (topic !== 'alerts') return
      const { alert, severity, summary, detail, dedupe_key } = message as unknown as AlertMessage
      log(summary, severities[severity], { alert, detail, dedupe_key })
    },
  }
}
