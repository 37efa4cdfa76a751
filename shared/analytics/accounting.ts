import type { BacktestResult } from './result.ts'

/** Float sums over many fills differ in the last digits; anything larger is a contradiction. */
const tolerance = 1e-6

/**
 * Checks that the figures of a result agree with each other.
 *
 * @returns one phrase per contradiction; empty when everything adds up
 */
export function accountingProblems(result: BacktestResult): readonly string[] {
  const { pnl, fills, equity, startEquityQuote, tradedNotionalQuote, benchmarks } = result
  const problems: string[] = []
  const compare = (what: string, expected: number, found: number, scale: number) => {
    const isClose = Math.abs(expected - found) <= tolerance * Math.max(1, Math.abs(scale))
    if (!isClose) problems.push(`${what}: ${expected.toFixed(6)} against ${found.toFixed(6)}`)
  }
  const parts =
    pnl.spreadQuote +
    pnl.priceQuote +
    pnl.feesQuote +
    pnl.fundingQuote +
    pnl.slippageQuote +
    pnl.liquidationQuote
  const notional = fills.priceQuote.reduce((sum, p, fill) => sum + p * fills.sizeBase[fill]!, 0)
  const fees = fills.feeQuote.reduce((sum, fee) => sum + fee, 0)
  const endEquity = equity.equityQuote.at(-1)

  compare('total P&L and the sum of its parts', pnl.totalQuote, parts, startEquityQuote)
  compare('traded notional and the fills', tradedNotionalQuote, notional, notional)
  compare('fees in P&L and in the fills', -pnl.feesQuote, fees, notional)
  if (endEquity === undefined) problems.push('there is no equity')
  else
    compare(
      'last equity and start plus P&L',
      startEquityQuote + pnl.totalQuote,
      endEquity,
      startEquityQuote,
    )

  const samples = equity.timeUs.length
  if (equity.equityQuote.length !== samples || equity.exposureQuote.length !== samples)
    problems.push('equity columns have different lengths')
  for (const [name, columns] of Object.entries({ fill: fills, 'round trip': result.roundTrips }))
    if (new Set(Object.values(columns).map((column) => column.length)).size > 1)
      problems.push(`${name} columns have different lengths`)
  for (const { name, equityQuote } of benchmarks)
    if (equityQuote.length !== samples)
      problems.push(`benchmark ${name} has ${equityQuote.length} samples, equity has ${samples}`)
  return problems
}
