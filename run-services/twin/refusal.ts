import { TradingError } from '#shared/kernel/error.ts'
import { isRefusal, type Refusal } from '#shared/simulation/order.ts'

/** The venue's way to say no: HTTP status, error number, text. */
export function venueRefusal(code: number, message: string, status = 400): TradingError {
  return new TradingError('VENUE_REFUSED', message, { code, status })
}

/** The core's answer, or its refusal thrown for the reply. @throws TradingError VENUE_REFUSED */
export function accepted<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw venueRefusal(answer.code, answer.message)
  return answer
}

export const mandatory = (name: string): TradingError =>
  venueRefusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
