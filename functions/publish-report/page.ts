import { type Html, html, trusted } from '#shared/analytics/report/html.ts'
import { isoSeconds } from '../function-call.ts'
import { type DayReport, twoDecimals } from './day.ts'

/** The day as one file: no script, no other file, dark where the reader prefers it. */
export function renderPage(report: DayReport): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AsterAI ${report.day}</title>
<style>${trusted(style)}</style>
</head>
<body>
<h1>${report.day} <small>UTC</small></h1>
<p class="quiet">Written ${isoSeconds(report.writtenAtUs)} from the warehouse; money in USDT.</p>
${report.missing.length > 0 && html`<ul class="missing">${report.missing.map((line) => html`<li>${line}</li>`)}</ul>`}
${section('Profit and loss', report.profit.length > 0 && [profitLine(report), profitTable(report)])}
${section(
  'Fills',
  report.fills.length > 0 &&
    table(
      ['strategy', 'symbol', 'fills', 'of them maker', 'volume', 'fees'],
      report.fills.map((row) => [
        row.strategy,
        row.symbol,
        row.fills,
        row.makerFills,
        row.volumeQuote.toFixed(2),
        row.fees,
      ]),
    ),
)}
${section(
  'Funding',
  report.funding.length > 0 &&
    table(
      ['symbol', 'payments', 'received, paid when negative'],
      report.funding.map(({ symbol, payments, amount }) => [symbol, payments, amount]),
    ),
)}
${section('Account against the venue', accountText(report))}
${section(
  'Data quality',
  report.dataChecks.length > 0 &&
    table(
      ['check', 'made', 'failed'],
      report.dataChecks.map(({ check, checks, failures }) => [check, checks, failures]),
    ),
)}
${section('Spending', spendText(report))}
</body>
</html>
`.html
}

const section = (title: string, body: Html | readonly Html[] | false): Html =>
  html`<section><h2>${title}</h2>${body === false ? html`<p class="quiet">Nothing to show.</p>` : body}</section>`

type Cell = string | number

const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): Html =>
  html`<div class="wide"><table><thead><tr>${head.map((name) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`

function profitTable({ profit, total }: DayReport): Html {
  const parts = ['pnl', 'spread', 'price', 'fees', 'funding'] as const
  const rows: Cell[][] = profit.map((row) => [
    row.strategy,
    row.runId,
    ...parts.map((part) => twoDecimals(row[part])),
    twoDecimals(row.equity),
  ])
  if (total && profit.filter(({ strategy }) => strategy === 'total').length > 1)
    rows.push(['all runs', '', ...parts.map((part) => twoDecimals(total[part])), ''])
  return table(['strategy', 'run', 'P&L', 'spread', 'price', 'fees', 'funding', 'equity'], rows)
}

const width = 720
const height = 160

/** P&L of each run since midnight, averages of ten minutes. */
function profitLine({ lines, day }: DayReport): Html {
  const points = Object.values(lines).flat()
  if (points.length < 2) return html`<p class="quiet">Too few points for a line.</p>`
  const startSeconds = Date.parse(`${day}T00:00:00Z`) / 1_000
  const values = points.map(([, pnl]) => pnl)
  const top = Math.max(0, ...values)
  const bottom = Math.min(0, ...values)
  const span = top - bottom || 1
  const x = (seconds: number) => (((seconds - startSeconds) / 86_400) * width).toFixed(1)
  const y = (pnl: number) => (((top - pnl) / span) * height).toFixed(1)
  const paths = Object.entries(lines).map(
    ([runId, line]) =>
      html`<polyline points="${line.map(([at, pnl]) => `${x(at)},${y(pnl)}`).join(' ')}"><title>${runId}</title></polyline>`,
  )
  return html`<svg viewBox="-4 -4 ${width + 8} ${height + 24}" role="img" aria-label="P&amp;L of each run over the day">
<line x1="0" x2="${width}" y1="${y(0)}" y2="${y(0)}"/>${paths}
<text x="0" y="${height + 18}">00:00</text><text x="${width / 2}" y="${height + 18}" text-anchor="middle">12:00 UTC</text>
<text x="${width}" y="${height + 18}" text-anchor="end">24:00</text></svg>
<p class="quiet">P&amp;L of each run since midnight, ten-minute averages: ${bottom.toFixed(2)} to ${top.toFixed(2)} USDT.</p>`
}

function accountText({ accountChecks: { checks, differences } }: DayReport): Html | false {
  if (checks === 0) return false
  return differences === 0
    ? html`<p>${checks} checks, all equal to 1e-8.</p>`
    : html`<p class="bad">${differences} of ${checks} checks found a difference: see table account_checks.</p>`
}

function spendText({ gpuHours, spend }: DayReport): Html {
  return html`<p>GPU: ${gpuHours === undefined ? 'not counted' : `${gpuHours.toFixed(2)} h`}. Budget: ${
    spend === undefined
      ? 'no notice'
      : `${spend.amount.toFixed(2)} of ${spend.allowed === undefined ? 'no limit' : spend.allowed.toFixed(2)}`
  }.</p>`
}

const style = `:root{color-scheme:light dark;--line:#d0d7de;--quiet:#5b6570;--accent:#0969da;--bad:#c62828}
@media(prefers-color-scheme:dark){:root{--line:#30363d;--quiet:#9aa4af;--accent:#58a6ff;--bad:#ff7b72}}
body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
h1 small,.quiet{color:var(--quiet);font-weight:normal}.bad{color:var(--bad)}
section{border-top:1px solid var(--line);margin-top:1.5rem}h2{font-size:1.05rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.2rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}.missing{color:var(--quiet)}
svg{width:100%;height:auto}polyline{fill:none;stroke:var(--accent);stroke-width:1.5}line{stroke:var(--line)}text{fill:var(--quiet);font-size:12px}`
