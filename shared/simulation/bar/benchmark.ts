import type { BarTable } from './series.ts'

/**
 * Equity of a holder without leverage: an equal share in every symbol, bought at the open of its second bar (the
 * first moment a decision could act) for the taker fee, never rebalanced, without funding. Before that a share is cash.
 *
 * @param symbols - indices of the table; one of them alone gives buy-and-hold
 * @returns one row per step and the start, like a run's equity
 */
export function holdEquityQuote(
  table: BarTable,
  symbols: readonly number[],
  terms: { readonly startEquityQuote: number; readonly takerFeeRatio: number },
): Float64Array {
  const equity = new Float64Array(table.steps + 1)
  const share = terms.startEquityQuote / symbols.length
  equity[0] = terms.startEquityQuote
  for (const symbol of symbols) {
    const { open, close } = table.columns[symbol] as BarTable['columns'][number]
    const rows = table.rowAtStep[symbol] as Int32Array
    let value = share
    let base = 0
    for (let step = 0; step < table.steps; step++) {
      const row = rows[step] as number
      if (row === 1) base = share / ((open[1] as number) * (1 + terms.takerFeeRatio))
      if (row >= 1) value = base * (close[row] as number)
      equity[step + 1] = (equity[step + 1] as number) + value
    }
  }
  return equity
}
