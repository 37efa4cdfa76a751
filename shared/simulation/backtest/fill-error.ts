import type { Instrument, InstrumentId, Side } from '#shared/market/instrument.ts'

/** A fill as two runs are compared by it. */
export type ComparedFill = {
  readonly clientOrderId: string
  readonly instrumentId: InstrumentId
  readonly side: Side
  readonly priceTicks: number
  readonly sizeLots: number
  /** On the venue's clock. */
  readonly timeUs: number
}

/** How far the fills of two runs are apart on one side. */
export type SideError = {
  readonly recordedQuote: number
  readonly simulatedQuote: number
  readonly recordedFills: number
  readonly simulatedFills: number
  /**
   * Share of the filled size of both runs together, at recorded prices, that has no counterpart in the other one,
   * 0 to 1. Undefined when neither run filled.
   */
  readonly differingRatio: number | undefined
  /** Simulated over recorded mean price, weighted by recorded notional; positive is higher. Undefined without both. */
  readonly meanPriceDifferenceBps: number | undefined
}

export type FillError = { readonly buy: SideError; readonly sell: SideError }

/**
 * What counts as the same fill in two runs.
 *
 * - `same-order`: size of the order with the same id, wherever and whenever it filled.
 * - `near`: the same market and side, at most two seconds and one basis point apart; for runs whose orders differ.
 */
export type Counterpart = 'same-order' | 'near'

/** A queue that is a little longer fills a little later. */
const nearUs = 2_000_000
const nearRatio = 1e-4

/** Compares the fills that a run really had with those that a simulation gives. */
export function compareFills(
  recorded: readonly ComparedFill[],
  simulated: readonly ComparedFill[],
  instruments: readonly Instrument[],
  counterpart: Counterpart,
): FillError {
  const of = (fills: readonly ComparedFill[], side: Side) =>
    fills.filter((fill) => fill.side === side).sort((a, b) => a.timeUs - b.timeUs)
  const compare = (side: Side) =>
    sideError(of(recorded, side), of(simulated, side), instruments, counterpart)
  return { buy: compare('buy'), sell: compare('sell') }
}

function sideError(
  recorded: readonly ComparedFill[],
  simulated: readonly ComparedFill[],
  instruments: readonly Instrument[],
  counterpart: Counterpart,
): SideError {
  const quoteOf = ({ instrumentId, priceTicks, sizeLots }: ComparedFill, lots = sizeLots) =>
    (priceTicks * lots * Number(instruments[instrumentId]!.tickLotE8)) / 1e8
  const total = (fills: readonly ComparedFill[]) =>
    fills.reduce((sum, fill) => sum + quoteOf(fill), 0)
  const recordedQuote = total(recorded)
  const simulatedQuote = total(simulated)
  const matched = matchFills(recorded, simulated, counterpart, quoteOf)
  const bothQuote = recordedQuote + simulatedQuote
  return {
    recordedQuote,
    simulatedQuote,
    recordedFills: recorded.length,
    simulatedFills: simulated.length,
    differingRatio: bothQuote === 0 ? undefined : Math.max(0, 1 - matched / bothQuote),
    meanPriceDifferenceBps: priceDifferenceBps(recorded, simulated, quoteOf),
  }
}

/** Notional, of both runs together, of the size that has a counterpart; each size is used once, the earliest first. */
function matchFills(
  recorded: readonly ComparedFill[],
  simulated: readonly ComparedFill[],
  counterpart: Counterpart,
  quoteOf: (fill: ComparedFill, lots: number) => number,
): number {
  const keyOf = ({ clientOrderId, instrumentId }: ComparedFill): string =>
    counterpart === 'near' ? String(instrumentId) : `${instrumentId} ${clientOrderId}`
  const isNear = (a: ComparedFill, b: ComparedFill): boolean =>
    Math.abs(a.timeUs - b.timeUs) <= nearUs &&
    Math.abs(a.priceTicks / b.priceTicks - 1) <= nearRatio
  const waiting = Map.groupBy(
    simulated.map((fill) => ({ fill, left: fill.sizeLots })),
    ({ fill }) => keyOf(fill),
  )
  let matched = 0
  for (const fill of recorded) {
    let left = fill.sizeLots
    const others = waiting.get(keyOf(fill)) ?? []
    // Both are in order of time: what is too early now stays too early.
    if (counterpart === 'near')
      while (others.length > 0 && others[0]!.fill.timeUs < fill.timeUs - nearUs) others.shift()
    for (const other of others) {
      if (left === 0 || (counterpart === 'near' && other.fill.timeUs > fill.timeUs + nearUs)) break
      if (counterpart === 'near' && !isNear(fill, other.fill)) continue
      const lots = Math.min(left, other.left)
      other.left -= lots
      left -= lots
      matched += quoteOf(fill, lots) + quoteOf(other.fill, lots)
    }
  }
  return matched
}

function priceDifferenceBps(
  recorded: readonly ComparedFill[],
  simulated: readonly ComparedFill[],
  quoteOf: (fill: ComparedFill) => number,
): number | undefined {
  let weighted = 0
  let weight = 0
  for (const [id, fills] of Map.groupBy(recorded, ({ instrumentId }) => instrumentId)) {
    const others = simulated.filter(({ instrumentId }) => instrumentId === id)
    if (others.length === 0) continue
    const quote = fills.reduce((sum, fill) => sum + quoteOf(fill), 0)
    weighted += quote * (meanTicks(others) / meanTicks(fills) - 1) * 1e4
    weight += quote
  }
  return weight === 0 ? undefined : weighted / weight
}

function meanTicks(fills: readonly ComparedFill[]): number {
  let tickLots = 0
  let lots = 0
  for (const { priceTicks, sizeLots } of fills) {
    tickLots += priceTicks * sizeLots
    lots += sizeLots
  }
  return tickLots / lots
}
