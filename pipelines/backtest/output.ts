import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reportPage } from '#shared/analytics/report/page.ts'
import type { BacktestSummary } from '#shared/analytics/report/summarise.ts'
import { type BacktestResult, markoutSeconds } from '#shared/analytics/result.ts'
import { makeFolder } from '#shared/cloud/local/folder.ts'

/** One line of the comparison of a run with its re-simulation. */
export type ParityRow = {
  readonly label: string
  readonly live: string
  readonly backtest: string
  readonly difference: string
  readonly isEqual: boolean
}

/** Writes report.html, result.json and fills.csv into `folder`. */
export async function writeOutput(
  folder: string,
  result: BacktestResult,
  summary: BacktestSummary,
  parity?: { readonly rows: readonly ParityRow[]; readonly figures: object },
): Promise<void> {
  makeFolder(folder, '--out')
  const page = reportPage(result, summary, await chartAssets(), {
    tables: [
      { label: 'all figures (JSON)', href: 'result.json' },
      { label: 'all fills (CSV)', href: 'fills.csv' },
    ],
    ...(parity ? { parity: parity.rows } : {}),
  })
  await Promise.all([
    writeFile(join(folder, 'report.html'), page),
    writeFile(
      join(folder, 'result.json'),
      JSON.stringify({ summary, ...(parity ? { parity: parity.figures } : {}), result }),
    ),
    writeFile(join(folder, 'fills.csv'), fillsCsv(result)),
  ])
}

async function chartAssets(): Promise<{ uplotScript: string; uplotStyle: string }> {
  const folder = new URL('../../node_modules/uplot/dist/', import.meta.url)
  const [uplotScript, uplotStyle] = await Promise.all([
    readFile(new URL('uPlot.iife.min.js', folder), 'utf8'),
    readFile(new URL('uPlot.min.css', folder), 'utf8'),
  ])
  return { uplotScript, uplotStyle }
}

/** One row per fill; an unknown mid or markout is an empty cell. */
function fillsCsv({ fills }: BacktestResult): string {
  const header = [
    'time',
    'symbol',
    'side',
    'price_quote',
    'size_base',
    'liquidity',
    'fee_quote',
    'mid_quote',
    ...markoutSeconds.map((seconds) => `markout_${seconds}s_bps`),
  ]
  const rows = fills.timeUs.map((timeUs, at) => [
    new Date(timeUs / 1_000).toISOString(),
    fills.symbol[at],
    fills.side[at],
    fills.priceQuote[at],
    fills.sizeBase[at],
    fills.liquidity[at],
    fills.feeQuote[at],
    fills.midQuote[at] ?? '',
    ...(fills.markoutBps[at] ?? []).map((bps) => bps ?? ''),
  ])
  return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`
}

/** The result in a few lines, what is wrong with it first. */
export function summaryLines(result: BacktestResult, summary: BacktestSummary): readonly string[] {
  const { pnl } = result
  const money = (quote: number) => `${quote < 0 ? '−' : '+'}${Math.abs(quote).toFixed(4)}`
  const share = (ratio: number | undefined) =>
    ratio === undefined ? 'none' : `${(100 * ratio).toFixed(1)} %`
  const failed = summary.gates.filter(
    ({ verdict }) => verdict === 'failed' || verdict === 'unknown',
  )
  const iso = (us: number) => new Date(us / 1_000).toISOString().replace(/\.\d+Z$/, 'Z')
  return [
    ...failed.map(
      ({ sentence, verdict }) =>
        `${verdict === 'failed' ? 'NOT PASSED' : 'unknown   '}  ${sentence}`,
    ),
    ...result.warnings.map((warning) => `warning     ${warning}`),
    `${result.strategy} on ${result.symbols.join(', ')}, ${iso(result.startUs)} to ${iso(result.endUs)}`,
    `P&L         ${money(pnl.totalQuote)} of ${result.startEquityQuote} (${pnl.totalQuote < 0 ? 'a loss' : pnl.totalQuote > 0 ? 'a gain' : 'neither gain nor loss'})`,
    `            spread ${money(pnl.spreadQuote)}, price ${money(pnl.priceQuote)}, fees ${money(pnl.feesQuote)}, funding ${money(pnl.fundingQuote)}, slippage ${money(pnl.slippageQuote)}, liquidation ${money(pnl.liquidationQuote)}`,
    `orders      ${result.orders}, filled at least in part ${share(result.fillRatio)}, fills ${result.fills.timeUs.length}, round trips ${result.roundTrips.pnlQuote.length}`,
    ...result.benchmarks.map(
      ({ equityQuote, name }) =>
        `benchmark   ${name}: ${money((equityQuote.at(-1) ?? result.startEquityQuote) - result.startEquityQuote)}`,
    ),
  ]
}
