import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { StrategyView } from '#shared/strategy/strategy.ts'
import { inventoryLots } from '../ledger/ledger.ts'
import type { TraderState } from './trader.ts'

/** What one strategy may see: made once, reads through to the state. */
export function createView(
  state: TraderState,
  strategy: string,
  capital: () => QuoteE8,
): StrategyView {
  return {
    get nowUs(): Micros {
      return state.nowUs
    },
    get capitalE8(): QuoteE8 {
      return capital()
    },
    instrument: (id) => state.config.instruments[id]!,
    book: (id) => state.books[id]!,
    mark: (id) => state.marks[id],
    features: (id) => state.features[id]!.view,
    inventoryLots: (id) => inventoryLots(state.ledger, strategy, id),
    entryTicks: (id) => {
      const book = state.ledger.subBooks.get(strategy)?.get(id)
      if (!book || book.position.lots === 0) return undefined
      return Number(book.position.costE8) / (book.position.lots * Number(book.instrument.tickLotE8))
    },
  }
}
