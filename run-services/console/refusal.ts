import { TradingError } from '#shared/kernel/error.ts'

export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503

/** Why a request is not carried out. Every one has the same shape: what is wrong, and what to do about it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: RefusalStatus
  readonly remedy: string
  readonly code: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Somebody whose identity is proved and who still may not enter; for the audit log. */
  readonly who: string | undefined

  constructor(
    status: RefusalStatus,
    message: string,
    remedy: string,
    more: {
      readonly code?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly who?: string
      readonly cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.status = status
    this.remedy = remedy
    this.code = more.code
    this.headers = more.headers ?? {}
    this.who = more.who
  }

  /** The body of the reply. */
  toJSON(): Readonly<Record<string, string>> {
    const { message: error, remedy, code } = this
    return { error, remedy, ...(code === undefined ? {} : { code }) }
  }
}

const adviceByRemedy = {
  'reject-input': { status: 400, advice: 'correct the request and send it again' },
  'retry-later': { status: 503, advice: 'try again in a few seconds' },
  resync: { status: 503, advice: 'try again in a few seconds' },
  reconcile: { status: 503, advice: 'look at the orders before you do it again' },
  halt: { status: 500, advice: 'look at the status line of the service and restart it' },
} as const

/** Faults of the parts behind the API, in the words of the fault itself; anything else tells nothing. */
export function refusalOf(fault: unknown): Refusal {
  if (fault instanceof Refusal) return fault
  if (!(fault instanceof TradingError))
    return new Refusal(
      500,
      'the console failed on this request',
      'read the log of the process, it names the request id',
      { cause: fault },
    )
  const { status, advice } = adviceByRemedy[fault.remedy]
  return new Refusal(status, fault.message, advice, { code: fault.code, cause: fault })
}
