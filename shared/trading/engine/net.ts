import { netTargets } from '#shared/strategy/allocation/netting.ts'
import { inventoryLots } from '../ledger/ledger.ts'
import { recordTransfer } from '../ledger/transfer.ts'
import type { Desire } from './desire.ts'
import type { TraderState } from './trader.ts'

/** Signed lots between a target and what its strategy holds. */
export const missingLots = (state: TraderState, desire: Desire): number =>
  desire.targetLots - inventoryLots(state.ledger, desire.strategy, desire.instrumentId)

/**
 * Nets the targets of several strategies on one instrument before any of them goes to risk review: what one wants
 * to buy and another to sell changes hands between their sub-books at the mid, and only the rest is ordered.
 *
 * Targets with an order on its way wait for its outcome, and nobody trades beyond the limit it stated.
 */
export function netWith(state: TraderState, desire: Desire): void {
  const book = state.books[desire.instrumentId]!
  if (!book.isLive) return
  const priceTicks = Math.floor((book.bestBidTicks + book.bestAskTicks) / 2)
  const taking = openTargets(state, desire).filter(({ missing, each }) =>
    missing > 0 ? priceTicks <= each.priceTicks : priceTicks >= each.priceTicks,
  )
  if (taking.length < 2) return
  const { shares } = netTargets(
    taking.map(({ each, missing }) => ({ strategy: each.strategy, deltaLots: missing })),
  )
  const moves = shares.map(({ strategy, internalLots }) => ({ strategy, lots: internalLots }))
  recordTransfer(state.ledger, desire.instrumentId, priceTicks, moves)
}

function openTargets(state: TraderState, { instrumentId }: Desire) {
  const open: { each: Desire; missing: number }[] = []
  for (const { board } of state.seats)
    for (const each of board.places) {
      if (each?.instrumentId !== instrumentId || each.kind !== 'target' || !each.isWanted) continue
      if (each.clientOrderId !== undefined) continue
      const missing = missingLots(state, each)
      if (missing !== 0) open.push({ each, missing })
    }
  return open
}
