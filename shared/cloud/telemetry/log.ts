import type { TraceIds } from './trace.ts'

export type Severity = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

export type LogOptions = {
  readonly service: string
  /** Left out, trace ids are written without the project they belong to. */
  readonly project?: string
  readonly write: (line: string) => void
  /** Ids of the span that runs now. */
  readonly trace?: () => TraceIds | undefined
}

export type Log = (
  severity: Severity,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

/** Field names that never reach a log, whatever their value. */
const secretNames = /key|secret|token|password|authorization|signature|cookie/i

/**
 * One JSON object per line in the shape Cloud Logging reads: severity, message, trace and labels. Fields whose name
 * speaks of a secret are written as `[hidden]`.
 */
export function createLog({ service, project, write, trace }: LogOptions): Log {
  return (severity, message, fields = {}) => {
    const ids = trace?.()
    const shown = Object.entries(fields).map(([name, value]) => [
      name,
      secretNames.test(name) ? '[hidden]' : typeof value === 'bigint' ? value.toString() : value,
    ])
    write(
      JSON.stringify({
        ...Object.fromEntries(shown),
        severity,
        message,
        'logging.googleapis.com/labels': { service },
        ...(ids && {
          'logging.googleapis.com/trace': project
            ? `projects/${project}/traces/${ids.traceId}`
            : ids.traceId,
          'logging.googleapis.com/spanId': ids.spanId,
          'logging.googleapis.com/trace_sampled': true,
        }),
      }),
    )
  }
}
