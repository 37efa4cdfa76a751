/**
 * Id of an order: a pure function of who asks, in which session, and how many orders came before. A replay gives
 * the same ids, and an id is never used twice because every session has its own epoch.
 *
 * The venue allows 36 characters of `[.A-Z:/a-z0-9_-]`; only characters that every form encoder leaves alone are used.
 */
export const clientOrderId = (strategy: string, epoch: number, sequence: number): string =>
  `${strategy.replace(/[^a-z0-9]/gi, '-').slice(0, 16)}-${epoch.toString(36)}-${sequence.toString(36)}`

/** Who asked, as far as the id of an order says it: the same for all orders of a strategy on one market. */
export const askerOf = (orderId: string): string => orderId.replace(/-[a-z0-9]+-[a-z0-9]+$/, '')
