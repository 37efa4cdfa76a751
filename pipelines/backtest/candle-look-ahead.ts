import {
  detectLookAhead,
  type IndexedDecision,
  type LookAheadVerdict,
} from '#shared/analytics/look-ahead.ts'
import { runBars } from '#shared/simulation/bar/run.ts'
import { type BarTable, cutTable } from '#shared/simulation/bar/series.ts'
import type { BarOrders, BarStrategy } from '#shared/simulation/bar/strategy.ts'
import { type PreparedCandles, strategyOf } from './candle.ts'

/**
 * Cuts off the future of the candles at several places, runs again and compares what was asked for at each close
 * before the cut.
 *
 * @param make - gives a strategy in its initial state, which may know the table it is given; the run's own unless told
 */
export function checkCandleLookAhead(
  prepared: PreparedCandles,
  make: (known: BarTable) => BarStrategy = () => strategyOf(prepared),
): LookAheadVerdict {
  const { table, built, plan } = prepared
  const instruments = built.map(({ instrument }) => instrument)
  return detectLookAhead({
    length: table.steps,
    cutsMax: 8,
    run: (untilIndex) => {
      const decisions: IndexedDecision[] = []
      const known = cutTable(table, untilIndex)
      const strategy = noted(make(known), decisions)
      runBars({ table: known, instruments, rules: plan.rules, strategy })
      return decisions
    },
  })
}

/** The strategy, with one line per close that sums up all it asked for. */
function noted(strategy: BarStrategy, decisions: IndexedDecision[]): BarStrategy {
  let index = 0
  let calls = 0
  let hash = 0
  const note = (...numbers: readonly number[]): void => {
    calls++
    for (const number of numbers) hash = mixed(hash, number)
  }
  return {
    ...strategy,
    onBar(view, orders) {
      calls = 0
      hash = 0
      strategy.onBar(view, noting(orders, note))
      if (calls > 0) decisions.push({ index, decision: `${calls} orders, sum ${hash}` })
      index++
    },
  }
}

function noting(orders: BarOrders, note: (...numbers: readonly number[]) => void): BarOrders {
  return {
    market(symbol, signedBase) {
      note(1, symbol, signedBase)
      orders.market(symbol, signedBase)
    },
    limit(order) {
      const { symbol, slot, side, priceQuote, sizeBase } = order
      note(2, symbol, slot, side === 'buy' ? 1 : 0, priceQuote, sizeBase)
      orders.limit(order)
    },
    stop(order) {
      const { symbol, slot, side, triggerQuote, sizeBase } = order
      note(3, symbol, slot, side === 'buy' ? 1 : 0, triggerQuote, sizeBase)
      orders.stop(order)
    },
    cancel(symbol, slot) {
      note(4, symbol, slot)
      orders.cancel(symbol, slot)
    },
    cancelAll(symbol) {
      note(5, symbol)
      orders.cancelAll(symbol)
    },
  }
}

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

/** Order-dependent sum over both halves of a double. */
function mixed(hash: number, number: number): number {
  float[0] = number
  return (
    Math.imul(
      Math.imul(hash ^ (words[0] as number), 0x01000193) ^ (words[1] as number),
      0x01000193,
    ) | 0
  )
}
