import {
  decimalText,
  durationText,
  moneyText,
  percentText,
  periodText,
  plainText,
  quoteUnitOf,
  signedMoneyText,
  signedPercentText,
  timeText,
} from '../format.ts'
import type { Gate } from '../gates.ts'
import type { PeriodRatio } from '../ratio.ts'
import type { BacktestResult } from '../result.ts'
import { type Html, html } from './html.ts'
import type { BacktestSummary } from './summarise.ts'

const words: Readonly<Record<Gate['verdict'], string>> = {
  failed: 'Failed',
  unknown: 'Not judged',
  passed: 'Passed',
  'not-applicable': 'Not asked',
}

/** Gates, failed ones in the open and the others behind a click. */
export function gateSection(gates: readonly Gate[]): Html {
  const failed = gates.filter(({ verdict }) => verdict === 'failed')
  const unknown = gates.filter(({ verdict }) => verdict === 'unknown')
  const others = gates.filter(({ verdict }) => verdict !== 'failed' && verdict !== 'unknown')
  const asked = gates.filter(({ verdict }) => verdict !== 'not-applicable').length
  const tone = failed.length > 0 ? 'failed' : unknown.length > 0 ? 'unknown' : ''
  const title =
    failed.length > 0
      ? `This result fails ${failed.length} of ${asked} honesty gates`
      : unknown.length > 0
        ? `No honesty gate failed, ${unknown.length} could not be judged`
        : `All ${asked} honesty gates passed`
  const list = (some: readonly Gate[]) =>
    html`<ul>${some.map(
      ({ verdict, sentence }) =>
        html`<li><b class="${verdict}-word">${words[verdict]}</b>${sentence}</li>`,
    )}</ul>`
  return html`<div class="verdict ${tone}"><h2>${title}</h2>${list([...failed, ...unknown])}
${others.length > 0 && html`<details><summary>${others.length} passed or not asked</summary>${list(others)}</details>`}</div>`
}

/** Stands in every report whose caller says nothing about it. */
const survivorshipNote =
  'Survivorship: only symbols in these files were tested; markets that were delisted are missing unless the files hold them.'

/** What was run, on what, and how to run it again. */
export function factSection(result: BacktestResult, summary: BacktestSummary): Html {
  const list = (texts: readonly string[]) =>
    texts.length === 0 ? html`none` : html`<ul>${texts.map((text) => html`<li>${text}</li>`)}</ul>`
  const parameters = Object.entries(result.parameters).map(([name, value]) => `${name} ${value}`)
  const sources = result.sources.map(
    ({ path, rows, sha256, isSynthetic }) =>
      `${path}: ${decimalText(rows, 0)} rows, sha256 ${sha256.slice(0, 16)}${isSynthetic ? ', SYNTHETIC' : ''}`,
  )
  const { costs, overfitting } = summary
  const fees = `paid ${moneyText(costs.feesPaidQuote)}, rebates received ${moneyText(costs.rebateQuote)} ${quoteUnitOf(result.symbols)}`
  const isTold = [...result.assumptions, ...result.warnings].some((text) =>
    /survivorship/i.test(text),
  )
  const assumptions = isTold ? result.assumptions : [...result.assumptions, survivorshipNote]
  return html`<section><h2>What was run</h2><dl class="facts">
<dt>Span</dt><dd>${timeText(result.startUs)} to ${timeText(result.endUs)} (${decimalText(summary.days, summary.days < 10 ? 3 : 1)} days)</dd>
<dt>Engine</dt><dd>${result.engine === 'tick' ? 'tick: every book change and trade' : 'candle: bars, fills at the next one'}</dd>
<dt>Parameters</dt><dd>${parameters.length === 0 ? 'none' : parameters.join(' · ')}</dd>
<dt>Chosen from</dt><dd>${decimalText(overfitting.trialCount, 0)} ${overfitting.trialCount === 1 ? 'trial' : 'trials'}</dd>
<dt>Costs</dt><dd>${fees}</dd>
<dt>Assumptions</dt><dd>${list(assumptions)}</dd>
${result.warnings.length > 0 && html`<dt>Warnings</dt><dd class="loss">${list(result.warnings)}</dd>`}
<dt>Sources</dt><dd>${sources.length > 5 ? html`<details><summary>${sources.length} files, with rows and sha256</summary>${list(sources)}</details>` : list(sources)}</dd>
<dt>Seed, commit</dt><dd>${result.seed}, <code>${result.commit}</code></dd>
<dt>Reproduce</dt><dd><code>${result.command}</code></dd></dl></section>`
}

/** Figures in the right column; each names its period or unit. */
export function metricSections(result: BacktestResult, summary: BacktestSummary): Html {
  const { performance: p, overfitting: o, trading: t, costs: c } = summary
  const unit = quoteUnitOf(result.symbols)
  const period = periodText(p.periodSeconds)
  const years = '365 days'
  // A year of minutes seen once is a guess, so only the figure per period is shown.
  const annual = (ratio: PeriodRatio | undefined) =>
    ratio && summary.days < 1 ? 'under a day' : decimalText(ratio?.annual)
  const lengthText = (points: number | undefined) =>
    points === undefined ? 'none is enough' : durationText(points * o.periodSeconds)
  return html`<section><h2>Return and risk</h2><p class="note">Ratios on ${decimalText(p.points, 0)} returns of ${period}; years of ${years}; no risk-free rate.</p>
${rows([
  [`Equity at start, ${unit}`, decimalText(p.startEquityQuote)],
  [`Equity at end, ${unit}`, decimalText(p.endEquityQuote)],
  ['Return over the span', signedPercentText(p.returnRatio), p.returnRatio],
  [
    `Compound return per year`,
    p.annualReturnRatio === undefined ? 'under 30 days' : signedPercentText(p.annualReturnRatio),
    p.annualReturnRatio,
  ],
  [
    `Sharpe, annual, from ${period}`,
    annual(p.sharpe),
    summary.days < 1 ? undefined : p.sharpe?.annual,
  ],
  [`Sharpe per ${period}`, decimalText(p.sharpe?.perPeriod, 4), p.sharpe?.perPeriod],
  [
    `Sortino, annual, from ${period}`,
    annual(p.sortino),
    summary.days < 1 ? undefined : p.sortino?.annual,
  ],
  ['Calmar over the span', decimalText(p.calmar), p.calmar],
  [
    `Volatility, annual, from ${period}`,
    summary.days < 1 ? 'under a day' : percentText(p.volatility?.annual),
  ],
  ['Deepest drawdown', percentText(p.maxDrawdownRatio)],
  [`95 % value at risk, ${period}`, percentText(p.tailRisk?.valueAtRiskRatio)],
  [`95 % expected shortfall, ${period}`, percentText(p.tailRisk?.expectedShortfallRatio)],
  ['Skewness', decimalText(p.skewness)],
  ['Kurtosis, raw (normal 3)', decimalText(p.kurtosisRaw)],
])}</section>
<section><h2>Luck</h2>${rows([
    ['Trials', decimalText(o.trialCount, 0)],
    ['Chance Sharpe is above 0 (PSR)', percentText(o.probabilisticSharpe, 1)],
    [`Best Sharpe luck gives, per ${period}`, decimalText(o.expectedMaxSharpe, 4)],
    ['Deflated Sharpe (DSR)', percentText(o.deflatedSharpe, 1)],
    ['Probability of overfitting (PBO)', percentText(o.pbo, 1)],
    ['Record length', lengthText(o.points)],
    [
      'Length needed at 95 % (MinTRL)',
      o.probabilisticSharpe === undefined
        ? decimalText(undefined)
        : lengthText(o.minTrackRecordPoints),
    ],
    ['Backtest years needed (MinBTL)', decimalText(o.minBacktestYears, 1)],
  ])}</section>
<section><h2>Alpha and rebate, ${unit}</h2>${rows([
    ['P&L', signedMoneyText(summary.pnl.totalQuote), summary.pnl.totalQuote],
    ['of it maker rebate', signedMoneyText(c.rebateQuote), c.rebateQuote],
    ['P&L without the rebate (alpha)', signedMoneyText(c.alphaQuote), c.alphaQuote],
    ['P&L before all fees', signedMoneyText(c.pnlBeforeFeesQuote), c.pnlBeforeFeesQuote],
    ['Flat fee that leaves nothing, bps', decimalText(c.breakEvenFeeBps, 3)],
    ...c.rows.map(
      ({ feeBps, pnlQuote }): Row => [
        `P&L at ${plainText(feeBps)} bps`,
        signedMoneyText(pnlQuote),
        pnlQuote,
      ],
    ),
  ])}</section>
<section><h2>Trading</h2>${rows([
    ['Orders', decimalText(t.orders, 0)],
    ['Orders filled, at least in part', percentText(t.fillRatio, 1)],
    ['Fills', decimalText(t.fills, 0)],
    ['Maker share of notional', percentText(t.makerRatio, 1)],
    [`Traded notional, ${unit}`, decimalText(c.tradedNotionalQuote, 0)],
    ['Turnover per day, × mean equity', decimalText(t.dailyTurnover, 2)],
    ['Round trips', decimalText(t.count, 0)],
    ['Hit ratio', percentText(t.hitRatio, 1)],
    ['Profit factor', decimalText(t.profitFactor)],
    [`Mean round trip, ${unit}`, signedMoneyText(t.meanPnlQuote), t.meanPnlQuote],
    ['Mean holding time', durationText(t.meanHoldingSeconds)],
    ['Time in the market', percentText(t.timeInMarketRatio, 1)],
    ['Mean gross leverage', decimalText(t.meanLeverage, 3)],
    ['Highest gross leverage', decimalText(t.maxLeverage, 3)],
    ['Liquidations', decimalText(t.liquidations, 0)],
  ])}</section>
<section><h2>Benchmarks</h2><div class="scroll"><table class="narrow"><thead><tr><th></th><th>return</th><th>drawdown</th></tr></thead><tbody>
<tr><td>${result.strategy}</td><td>${signedPercentText(p.returnRatio)}</td><td>${percentText(p.maxDrawdownRatio)}</td></tr>
${summary.benchmarks.map((b) => html`<tr><td>${b.name}</td><td>${signedPercentText(b.returnRatio)}</td><td>${percentText(b.maxDrawdownRatio)}</td></tr>`)}
</tbody></table></div></section>`
}

/** Name, text and, where a gain is green and a loss red, the value. */
type Row = readonly [string, string, (number | undefined)?]

function rows(figures: readonly Row[]): Html {
  return html`<table class="metrics"><tbody>${figures.map(
    ([name, text, tone]) => html`<tr><th>${name}</th><td class="${toneOf(tone)}">${text}</td></tr>`,
  )}</tbody></table>`
}

/** Class of a gain or a loss. */
export const toneOf = (value: number | undefined): string =>
  value === undefined || value === 0 ? '' : value > 0 ? 'gain' : 'loss'
