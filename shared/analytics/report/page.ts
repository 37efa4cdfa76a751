import { quoteUnitOf, timeText } from '../format.ts'
import type { BacktestResult } from '../result.ts'
import { chartsOf } from './charts.ts'
import { drawScript } from './draw.ts'
import { embeddedJson, type Html, html, trusted } from './html.ts'
import { factSection, gateSection, metricSections } from './sections.ts'
import { pageStyle } from './style.ts'
import type { BacktestSummary } from './summarise.ts'
import {
  drawdownSection,
  fillSection,
  liquidationSection,
  monthSection,
  type ParityRow,
  paritySection,
  pnlSection,
  roundTripSection,
} from './tables.ts'

/** Text of uPlot's `uPlot.iife.min.js` and `uPlot.min.css`; the page carries both. */
export type ReportAssets = { readonly uplotScript: string; readonly uplotStyle: string }

/** Parts a caller may add. */
export type ReportExtras = {
  readonly parity?: readonly ParityRow[]
  /** Files beside the page with the whole tables, relative to it. */
  readonly tables?: readonly { readonly label: string; readonly href: string }[]
}

/** Only what is inside the page may run or load. */
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"

/**
 * One self-contained HTML page of a backtest: failed gates, what was run, charts with metrics, tables.
 *
 * Opens from a file without a network. All text is escaped; figures that are not defined show as a dash.
 */
export function reportPage(
  result: BacktestResult,
  summary: BacktestSummary,
  assets: ReportAssets,
  extras: ReportExtras = {},
): string {
  const charts = chartsOf(result, summary)
  const chart = (id: string): Html | undefined => {
    const found = charts.find((one) => one.id === id)
    return (
      found &&
      html`<section><h2>${found.title}</h2>${found.note !== '' && html`<p class="note">${found.note}</p>`}<div class="chart" id="chart-${id}"></div></section>`
    )
  }
  const title = `${result.strategy} on ${symbolText(result.symbols)}`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}: backtest</title>
<style>${safeStyle(assets.uplotStyle)}${trusted(pageStyle)}</style></head><body>
<header><h1>${title}</h1><p class="muted">Backtest of ${timeText(result.startUs)} to ${timeText(result.endUs)} · money in ${quoteUnitOf(result.symbols)}${summary.isSynthetic && ' · SYNTHETIC DATA'}</p></header>
<main>${gateSection(summary.gates)}${factSection(result, summary)}
<div class="columns"><div>${['equity', 'drawdown', 'exposure', 'sharpe'].map(chart)}<div class="pair">${chart('cost')}${chart('markout')}</div>${pnlSection(result)}</div>
<div>${metricSections(result, summary)}</div></div>
${paritySection(extras.parity)}${monthSection(summary)}${drawdownSection(summary)}${liquidationSection(result)}${roundTripSection(result)}${fillSection(result)}
${extras.tables && html`<p>Whole tables: ${extras.tables.map(({ label, href }) => html`<a href="${href}">${label}</a> `)}</p>`}</main>
<footer>Years have 365 days. A dash is a figure that is not defined. Past results of a simulation promise nothing.</footer>
<noscript><p>The charts need JavaScript; all figures are in the tables.</p></noscript>
<script type="application/json" id="charts">${embeddedJson(charts)}</script>
<script>${safeScript(assets.uplotScript)}</script><script>${safeScript(drawScript)}</script></body></html>
`.html
}

function symbolText(symbols: readonly string[]): string {
  return symbols.length > 6
    ? `${symbols.slice(0, 5).join(', ')} and ${symbols.length - 5} more`
    : symbols.join(', ')
}

/** A closing tag inside a script's or style's own text would end it early. */
const safeScript = (text: string): Html => trusted(text.replace(/<\/script/gi, '<\\/script'))
const safeStyle = (text: string): Html => trusted(text.replace(/<\/style/gi, '<\\/style'))
