import {
  decimalText,
  durationText,
  moneyText,
  percentText,
  plainText,
  quoteUnitOf,
  signedMoneyText,
  signedPercentText,
  signedText,
  timeText,
} from '../format.ts'
import { type BacktestResult, markoutSeconds } from '../result.ts'
import { type Html, html } from './html.ts'
import { toneOf } from './sections.ts'
import type { BacktestSummary } from './summarise.ts'

/** Rows of a table on the page; the files beside it hold all of them. */
const tableRowsMax = 500

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Where the profit or loss came from, with bars to one scale. */
export function pnlSection(result: BacktestResult): Html {
  const { pnl } = result
  const parts = [
    ['Spread earned', pnl.spreadQuote],
    ['Price moves', pnl.priceQuote],
    ['Fees', pnl.feesQuote],
    ['Funding', pnl.fundingQuote],
    ['Slippage', pnl.slippageQuote],
    ['Liquidation', pnl.liquidationQuote],
  ] as const
  const lowest = Math.min(0, pnl.totalQuote, ...parts.map(([, quote]) => quote))
  const highest = Math.max(0, pnl.totalQuote, ...parts.map(([, quote]) => quote))
  const range = highest - lowest || 1
  const row = (name: string, quote: number, kind: string) => {
    const from = ((Math.min(0, quote) - lowest) / range) * 100
    const width = (Math.abs(quote) / range) * 100
    return html`<tr class="${kind}"><th>${name}</th><td class="${toneOf(quote)}">${signedMoneyText(quote)}</td><td class="bar ${quote < 0 ? 'down' : 'up'}">${quote !== 0 && html`<span style="--from:${from.toFixed(2)}%;--width:${width.toFixed(2)}%"></span>`}</td></tr>`
  }
  return html`<section><h2>P&amp;L split, ${quoteUnitOf(result.symbols)}</h2><table class="split"><tbody>
${parts.map(([name, quote]) => row(name, quote, ''))}${row('Total', pnl.totalQuote, 'sum')}</tbody></table></section>`
}

/** Calendar of monthly returns, UTC. */
export function monthSection({ months }: BacktestSummary): Html {
  const strongest = months.reduce((most, m) => Math.max(most, Math.abs(m.returnRatio)), 0) || 1
  const years = [...new Set(months.map(({ year }) => year))]
  const present = monthNames
    .map((_, index) => index + 1)
    .filter((month) => months.some((m) => m.month === month))
  const cell = (year: number, month: number) => {
    const found = months.find((m) => m.year === year && m.month === month)
    if (!found) return html`<td></td>`
    const strength = Math.round((Math.abs(found.returnRatio) / strongest) * 60)
    const side = found.returnRatio < 0 ? 'down' : 'up'
    return html`<td class="${side}" style="--strength:${strength}%">${signedPercentText(found.returnRatio).slice(0, -2)}${found.isPartial && '*'}</td>`
  }
  const yearReturn = (year: number) =>
    months.filter((m) => m.year === year).reduce((total, m) => total * (1 + m.returnRatio), 1) - 1
  return html`<section><h2>Monthly returns, %</h2><p class="note">UTC months; * the run covers a part of the month only.</p><div class="scroll"><table class="heat"><thead><tr><th>year</th>
${present.map((month) => html`<th>${monthNames[month - 1]}</th>`)}<th>year, %</th></tr></thead><tbody>
${years.map(
  (year) =>
    html`<tr><th>${year}</th>${present.map((month) => cell(year, month))}<td class="${toneOf(yearReturn(year))}">${signedPercentText(yearReturn(year)).slice(0, -2)}</td></tr>`,
)}</tbody></table></div></section>`
}

/** The deepest falls of equity. */
export function drawdownSection({ worstDrawdowns }: BacktestSummary): Html {
  return html`<section><h2>Worst drawdowns</h2>${
    worstDrawdowns.length === 0
      ? html`<p>Equity never fell.</p>`
      : html`<div class="scroll"><table><thead><tr><th>peak</th><th class="words">trough</th><th class="words">recovered</th><th>depth</th><th>length</th></tr></thead><tbody>
${worstDrawdowns.map(
  (d) =>
    html`<tr><td>${timeText(d.startUs)}</td><td class="words">${timeText(d.troughUs)}</td><td class="words">${d.endUs === undefined ? 'not yet' : timeText(d.endUs)}</td><td class="loss">${percentText(d.depthRatio)}</td><td>${durationText(d.days * 86_400)}</td></tr>`,
)}</tbody></table></div>`
  }</section>`
}

/** Liquidations, when there were any. */
export function liquidationSection({ liquidations, symbols }: BacktestResult): Html | undefined {
  if (liquidations.length === 0) return undefined
  return html`<section><h2>Liquidations</h2><div class="scroll"><table><thead><tr><th>time</th><th class="words">symbol</th><th>price</th><th>size</th><th>loss, ${quoteUnitOf(symbols)}</th></tr></thead><tbody>
${liquidations
  .slice(0, tableRowsMax)
  .map(
    (l) =>
      html`<tr><td>${timeText(l.timeUs)}</td><td class="words">${l.symbol}</td><td>${plainText(l.priceQuote)}</td><td>${plainText(l.sizeBase)}</td><td class="loss">${moneyText(l.lossQuote)}</td></tr>`,
  )}</tbody></table></div></section>`
}

/** From flat to flat. */
export function roundTripSection(result: BacktestResult): Html {
  const t = result.roundTrips
  const shown = Math.min(t.openUs.length, tableRowsMax)
  const unit = quoteUnitOf(result.symbols)
  return html`<section><details><summary><b>Round trips</b>: ${counted(shown, t.openUs.length)}</summary><div class="tall"><table><thead><tr><th>opened</th><th class="words">closed</th><th class="words">symbol</th><th class="words">side</th><th>size</th><th>open</th><th>close</th><th>P&amp;L, ${unit}</th></tr></thead><tbody>
${Array.from(
  { length: shown },
  (_, i) =>
    html`<tr><td>${timeText(t.openUs[i])}</td><td class="words">${timeText(t.closeUs[i])}</td><td class="words">${t.symbol[i]}</td><td class="words">${t.side[i]}</td><td>${plainText(t.sizeBase[i])}</td><td>${plainText(t.openPriceQuote[i])}</td><td>${plainText(t.closePriceQuote[i])}</td><td class="${toneOf(t.pnlQuote[i])}">${signedMoneyText(t.pnlQuote[i])}</td></tr>`,
)}</tbody></table></div></details></section>`
}

/** Every fill with its fee and what the mid did afterwards. */
export function fillSection(result: BacktestResult): Html {
  const f = result.fills
  const shown = Math.min(f.timeUs.length, tableRowsMax)
  const unit = quoteUnitOf(result.symbols)
  return html`<section><details><summary><b>Fills</b>: ${counted(shown, f.timeUs.length)}</summary><div class="tall"><table><thead><tr><th>time</th><th class="words">symbol</th><th class="words">side</th><th class="words">liquidity</th><th>price</th><th>size</th><th>fee, ${unit}</th><th>mid</th>${markoutSeconds.map((s) => html`<th>${s} s, bps</th>`)}</tr></thead><tbody>
${Array.from(
  { length: shown },
  (_, i) =>
    html`<tr><td>${timeText(f.timeUs[i])}</td><td class="words">${f.symbol[i]}</td><td class="words">${f.side[i]}</td><td class="words">${f.liquidity[i]}</td><td>${plainText(f.priceQuote[i])}</td><td>${plainText(f.sizeBase[i])}</td><td>${decimalText(f.feeQuote[i], 6)}</td><td>${plainText(f.midQuote[i])}</td>${markoutSeconds.map((_s, h) => html`<td class="${toneOf(f.markoutBps[i]?.[h])}">${signedText(f.markoutBps[i]?.[h])}</td>`)}</tr>`,
)}</tbody></table></div></details></section>`
}

/** One line of a comparison between a paper run and its backtest. */
export type ParityRow = {
  readonly label: string
  readonly live: string
  readonly backtest: string
  readonly difference: string
  readonly isEqual: boolean
}

/** Paper against backtest, when the caller compared them. */
export function paritySection(parity: readonly ParityRow[] | undefined): Html | undefined {
  if (!parity) return undefined
  const unequal = parity.filter(({ isEqual }) => !isEqual).length
  const title = unequal === 0 ? 'everything equal' : `${unequal} of ${parity.length} differ`
  return html`<section><h2>Paper against backtest: ${title}</h2><div class="scroll"><table><thead><tr><th></th><th>paper</th><th>backtest</th><th>difference</th></tr></thead><tbody>
${parity.map((row) => html`<tr><td>${row.label}</td><td>${row.live}</td><td>${row.backtest}</td><td class="${row.isEqual ? 'gain' : 'loss'}">${row.difference}</td></tr>`)}</tbody></table></div></section>`
}

function counted(shown: number, total: number): string {
  return shown < total
    ? `first ${decimalText(shown, 0)} of ${decimalText(total, 0)}`
    : decimalText(total, 0)
}
