export type Remedy = 'reject-input' | 'retry-later' | 'resync' | 'reconcile' | 'halt'

/** Every code has exactly one remedy: what the caller does next. Codes are never reused. */
export const remedyByCode = {
  // Input that a person or a file gave us.
  OPTION_INVALID: 'reject-input',
  CONFIG_INVALID: 'reject-input',
  SYMBOL_UNKNOWN: 'reject-input',
  EQUITY_TOO_SMALL: 'reject-input',
  LIVE_NOT_ALLOWED: 'reject-input',
  PORT_TAKEN: 'reject-input',
  FILE_UNREADABLE: 'reject-input',
  TAPE_MALFORMED: 'reject-input',
  CANDLE_MALFORMED: 'reject-input',
  TAPE_GAP: 'reject-input',
  TAPE_UNSORTED: 'reject-input',
  TAPE_CROSSED: 'reject-input',
  TAPE_FUTURE: 'reject-input',
  FUNDING_MISSING: 'reject-input',
  SYNTHETIC_REFUSED: 'reject-input',
  /** A program of another maker that has to be installed first. */
  PROGRAM_MISSING: 'reject-input',
  QUERY_INVALID: 'reject-input',
  ROW_INVALID: 'reject-input',
  STATISTIC_INVALID: 'reject-input',
  // Numbers and wire shapes.
  DECIMAL_MALFORMED: 'reject-input',
  PRICE_OFF_GRID: 'reject-input',
  SIZE_OFF_GRID: 'reject-input',
  NUMBER_TOO_LARGE: 'reject-input',
  INSTRUMENT_UNSUPPORTED: 'reject-input',
  WIRE_SHAPE_UNKNOWN: 'reject-input',
  // The venue, while running.
  BOOK_SEQUENCE_GAP: 'resync',
  STREAM_LOST: 'resync',
  VENUE_RATE_LIMITED: 'retry-later',
  VENUE_UNREACHABLE: 'retry-later',
  VENUE_REFUSED: 'reject-input',
  VENUE_BANNED: 'halt',
  VENUE_UNAUTHORISED: 'halt',
  /** It may have reached the book: ask, never resend. */
  ORDER_OUTCOME_UNKNOWN: 'reconcile',
  // Our own house.
  LEASE_HELD: 'retry-later',
  LEASE_LOST: 'halt',
  WAREHOUSE_BUSY: 'retry-later',
  /** Somebody asked a program to end before it was done. */
  INTERRUPTED: 'retry-later',
  /** The cloud platform gave no answer, or asked to wait. */
  PLATFORM_UNREACHABLE: 'retry-later',
  /** It said no: a right, a quota or a resource is missing; the message names it. */
  PLATFORM_REFUSED: 'halt',
  MODEL_UNKNOWN: 'reject-input',
  /** A model that was trained on other features than this program computes. */
  MODEL_MISMATCH: 'reject-input',
  /** A model file or card that cannot be used, or a model that answers with something else than probabilities. */
  MODEL_BROKEN: 'reject-input',
  MODEL_UNREACHABLE: 'retry-later',
  /** Two promotions at once; only one of them holds. */
  PROMOTION_CONTENDED: 'retry-later',
  AUDIT_BROKEN: 'halt',
  LEDGER_MISMATCH: 'halt',
  STATE_CORRUPT: 'halt',
} as const satisfies Record<string, Remedy>

export type ErrorCode = keyof typeof remedyByCode

/**
 * A fault with a stable code. `message` is one line for a person: what is wrong, where, what to do.
 *
 * @see remedyByCode for what the caller does next
 */
export class TradingError extends Error {
  override readonly name = 'TradingError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  get remedy(): Remedy {
    return remedyByCode[this.code]
  }
}

/** Ends an exhaustive switch; the compiler refuses it while a case is missing. */
export function unreachable(value: never): never {
  throw new TradingError('STATE_CORRUPT', `unhandled case ${JSON.stringify(value)}`)
}

/** Asserts an invariant of our own code. A broken one ends the process; restart is the repair. */
export function invariant(claim: boolean, message: string): asserts claim {
  if (!claim) throw new TradingError('STATE_CORRUPT', message)
}
