/**
 * What an error reply means for the request that got it.
 *
 * `retry`: nothing happened, later again. `unknown`: it may have happened, ask. `refused`: it did not happen and
 * will not with these parameters. `fatal`: configuration or account, a person must act. `done`: nothing to do.
 */
export type FailureClass = 'retry' | 'unknown' | 'refused' | 'fatal' | 'done'

export type RequestKind = 'read' | 'write'

const fatalCodes = new Set([
  -1002, -1011, -1022, -2014, -2015, -2023, -4060, -4061, -4087, -4088, -5050,
])
const outcomeOpenCodes = new Set([-1000, -1001, -1006, -1007])
const retryCodes = new Set([-1003, -1008, -1015, -1016, -1021, -1112, -4225])
const doneCodes = new Set([-4046, -4052, -4059])

/**
 * Classifies an error reply by HTTP status and venue code.
 *
 * A code the table does not know is `refused` when the venue answered 4xx: it read the request and said no.
 * On 5xx nothing is proved, so a write is `unknown`.
 *
 * @param code - venue error code, negative; 0 when the body had none
 */
export function classifyFailure(status: number, code: number, kind: RequestKind): FailureClass {
  if (status === 418 || status === 403) return 'fatal'
  if (status === 429) return 'retry'
  if (status === 503) return kind === 'write' ? 'unknown' : 'retry'
  if (outcomeOpenCodes.has(code)) return kind === 'write' ? 'unknown' : 'retry'
  // One item of a batch that failed may still stand.
  if (code === -4083) return 'unknown'
  if (fatalCodes.has(code)) return 'fatal'
  if (retryCodes.has(code)) return 'retry'
  if (doneCodes.has(code)) return 'done'
  if (status >= 500) return kind === 'write' ? 'unknown' : 'retry'
  return 'refused'
}
