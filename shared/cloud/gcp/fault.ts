import { TradingError } from '#shared/kernel/error.ts'

/** Codes of gRPC that leave open whether anything happened, or ask to come back. */
const unreachableGrpc: ReadonlySet<number> = new Set([
  1, // CANCELLED
  2, // UNKNOWN
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
])

const grpcNames: Readonly<Record<number, string>> = {
  1: 'CANCELLED',
  2: 'UNKNOWN',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  11: 'OUT_OF_RANGE',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  15: 'DATA_LOSS',
  16: 'UNAUTHENTICATED',
}

const grpcRemedies: Readonly<Record<number, string>> = {
  3: 'the request is wrong: see the message',
  5: 'create it with the infrastructure program, or correct the name',
  6: 'it is there already',
  7: 'grant this identity the right in infra/pulumi and deploy',
  9: 'it is in a state that does not allow this',
  16: 'run with the service account of the workload, or log in with gcloud auth application-default login',
}

/** 401 and 403 read like their gRPC twins. */
const grpcByStatus: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  412: 9,
}

/** Faults below HTTP: nothing is known about what the platform did. */
const socketCodes =
  /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ERR_STREAM|ERR_HTTP2|UND_ERR)/

/**
 * What a fault of a Google client means for us.
 *
 * No answer, overload and unknown outcomes become PLATFORM_UNREACHABLE; a clear no becomes PLATFORM_REFUSED with what
 * to do about it. A fault that is ours already stays as it is.
 *
 * @param what - the operation and its resource, as in `publish to topic fills`
 */
export function platformFault(cause: unknown, what: string): TradingError {
  if (cause instanceof TradingError) return cause
  const code = codeOf(cause)
  const text = firstLine(cause)
  if (isUnreachable(code))
    return new TradingError('PLATFORM_UNREACHABLE', `${what}: no answer (${text})`, { code }, cause)
  const grpc = grpcCodeOf(code)
  const remedy = grpc === undefined ? undefined : grpcRemedies[grpc]
  return new TradingError(
    'PLATFORM_REFUSED',
    `${what}: ${text}${remedy === undefined ? '' : `; ${remedy}`}`,
    { code: grpc === undefined ? code : grpcNames[grpc] },
    cause,
  )
}

export const isNotFound = (cause: unknown): boolean => grpcCodeOf(codeOf(cause)) === 5
export const isAlreadyExists = (cause: unknown): boolean => grpcCodeOf(codeOf(cause)) === 6
/** Also of an object whose generation is another one (HTTP 412). */
export const isPreconditionFailed = (cause: unknown): boolean => grpcCodeOf(codeOf(cause)) === 9

function isUnreachable(code: number | string | undefined): boolean {
  // A fault without any code says nothing about what happened.
  if (code === undefined) return true
  if (typeof code === 'string') return socketCodes.test(code)
  return code < 100 ? unreachableGrpc.has(code) : code === 408 || code === 429 || code >= 500
}

function grpcCodeOf(code: number | string | undefined): number | undefined {
  if (typeof code !== 'number') return undefined
  return code < 100 ? code : grpcByStatus[code]
}

/** Google's clients put gRPC codes, HTTP statuses, either as text, and socket codes into the same field. */
function codeOf(cause: unknown): number | string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined
  const {
    code,
    status,
    cause: inner,
  } = cause as { code?: unknown; status?: unknown; cause?: unknown }
  for (const candidate of [code, status]) {
    if (typeof candidate === 'number') return candidate
    if (typeof candidate === 'string' && candidate !== '')
      return /^\d+$/.test(candidate) ? Number(candidate) : candidate
  }
  return inner === undefined ? undefined : codeOf(inner)
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split('\n')[0] || (cause instanceof Error ? cause.name : 'no message')
}
