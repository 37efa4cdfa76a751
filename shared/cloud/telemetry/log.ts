import { TradingError } from '#shared/kernel/error.ts'
import { currentTrace } from './trace-scope.ts'

export type Severity = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

export type Log = (
  message: string,
  severity?: Severity,
  fields?: Readonly<Record<string, unknown>>,
) => void

export type LogOptions = {
  readonly service: string
  /** Left out, trace ids are written without the project they belong to. */
  readonly project?: string | undefined
  readonly nowMs: () => number
  readonly write: (line: string) => void
}

/** Field names that never reach a log, whatever their value. */
const secretNames = /(?<!dedupe_)key|secret|token|password|authorization|signature|cookie/i

/**
 * One JSON object per line in the shape Cloud Logging reads: severity, message, time, labels, and the trace that the
 * code runs in. Fields whose name speaks of a secret are written as `[hidden]`.
 */
export function createLog({ service, project, nowMs, write }: LogOptions): Log {
  return (message, severity = 'INFO', fields = {}) => {
    const ids = currentTrace()
    const shown = Object.entries(fields).map(([name, value]) => [
      name,
      secretNames.test(name) ? '[hidden]' : typeof value === 'bigint' ? value.toString() : value,
    ])
    write(
      JSON.stringify({
        ...Object.fromEntries(shown),
        severity,
        message,
        time: new Date(nowMs()).toISOString(),
        'logging.googleapis.com/labels': { service },
        ...(ids && {
          'logging.googleapis.com/trace': project
            ? `projects/${project}/traces/${ids.traceId}`
            : ids.traceId,
          'logging.googleapis.com/spanId': ids.spanId,
          'logging.googleapis.com/trace_sampled': ids.isSampled,
        }),
      }),
    )
  }
}

/** The log of a deployed process: its standard output, which the platform collects. */
export const processLog = (service: string): Log =>
  createLog({
    service,
    project: process.env.GOOGLE_CLOUD_PROJECT,
    nowMs: Date.now,
    write: (line) => process.stdout.write(`${line}\n`),
  })

/**
 * Logs a fault once: one of a person or of the world as one line with its code, anything else with its stack, which the
 * platform's error reporting groups by.
 *
 * @param expected - severity of a fault that is not ours
 */
export function logFault(log: Log, fault: unknown, expected: Severity = 'WARNING'): void {
  if (fault instanceof TradingError) return log(fault.message, expected, { error: fault.code })
  log(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault), 'ERROR')
}
