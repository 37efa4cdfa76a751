import { baseFromLots } from '#shared/market/instrument.ts'
import { inventoryLots } from '../ledger/ledger.ts'
import { accrueLegRisk, legTolerance } from '../risk/leg-risk.ts'
import { instrumentOf, markPriceE8, type Seat, type TraderState } from './trader.ts'

/** Brings the leg-risk account of a multi-leg strategy up to now; single-leg strategies have none. */
export function accrueLegs(state: TraderState, seat: Seat): void {
  const budget = seat.strategy.legRisk
  if (!budget) return
  const legs = budget.legs.map((id) => instrumentOf(state, id))
  const markE8 = budget.legs.map((id) => markPriceE8(state, id)).find((mark) => mark !== undefined)
  const baseLegs = legs.map((leg) =>
    baseFromLots(leg, inventoryLots(state.ledger, seat.strategy.name, leg.id)),
  )
  if (markE8 === undefined) {
    // An exposure that cannot be priced cannot be budgeted.
    seat.isLegRiskSpent = baseLegs.some((base) => base !== 0)
    return
  }
  seat.isLegRiskSpent = accrueLegRisk(seat.legRisk, budget, {
    baseLegs,
    toleranceBase: legTolerance(legs),
    markQuote: markE8 / 1e8,
    nowUs: state.nowUs,
  })
}
