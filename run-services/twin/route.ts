import type { TwinContext } from './context.ts'
import type { Params } from './request.ts'

/** A request whose signature, nonce and limits have been checked. */
export type Call = {
  readonly context: TwinContext
  readonly params: Params
  /** Index of the account that signed; −1 is never seen by signed routes. */
  readonly account: number
  readonly nonceUs: number
}

export type Route = {
  readonly weight: number | ((params: Params) => number)
  readonly isSigned: boolean
  /** Orders that the request counts as. */
  readonly orders?: (params: Params) => number
  /** The nonce is the one of an earlier request and is not used up here. */
  readonly isGuarded?: boolean
  /** Answer as a JSON value. @throws TradingError VENUE_REFUSED */
  readonly answer: (call: Call) => unknown
}

/** Keyed `METHOD /path`, the path without its prefix. */
export type Routes = Readonly<Record<string, Route>>
