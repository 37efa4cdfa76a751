import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BacktestResult } from '../result.ts'
import { chartsOf } from './charts.ts'
import { keepExtremes } from './decimate.ts'
import { embeddedJson, html } from './html.ts'
import { reportPage } from './page.ts'
import { sampleResult } from './sample.fixture.ts'
import { statisticsPeriod, statisticsReturns } from './statistics-period.ts'
import { summariseBacktest } from './summarise.ts'

const assets = { uplotScript: 'var uPlot="</script>"', uplotStyle: '.uplot{}' }
const options = { trialCount: 1, gatesInput: { isFundingWaived: false } }
const result = sampleResult({ hours: 24 * 90 })
const summary = summariseBacktest(result, options)

describe('the summary', () => {
  it('is plain JSON without a number that is none', () => {
    const text = JSON.stringify(summary)
    expect(text).not.toContain('null')
    expect(JSON.stringify(JSON.parse(text))).toBe(text)
  })

  it('names the period: days for months, hours for days, minutes below', () => {
    expect(summary.performance.periodSeconds).toBe(86_400)
    expect(statisticsPeriod(10 * 86_400, 1)).toBe(3_600)
    expect(statisticsPeriod(7_200, 1)).toBe(60)
    expect(statisticsPeriod(7_200, 45)).toBe(90)
    expect(statisticsPeriod(177, 1)).toBe(1)
    expect(statisticsPeriod(600, 900)).toBe(900)
    expect(() => statisticsReturns(result.equity, 5_000)).toThrow(/5000 s does not fit/)
  })

  it('survives a run without a single trade', () => {
    const idle = sampleResult({ hours: 48, tripsPerHour: 0 })
    const none = summariseBacktest(idle, options)
    expect(none.performance.sharpe).toBeUndefined()
    expect(none.trading).toMatchObject({ count: 0, hitRatio: undefined, fillRatio: undefined })
    expect(none.costs.breakEvenFeeBps).toBeUndefined()
    expect(reportPage(idle, none, assets)).toContain('Only 0 round trips')
  })

  it('survives ruin and says so', () => {
    const equityQuote = result.equity.equityQuote.map((equity, hour) => (hour < 500 ? equity : -3))
    const totalQuote = -3 - result.startEquityQuote
    const ruined: BacktestResult = {
      ...result,
      equity: { ...result.equity, equityQuote },
      pnl: {
        ...result.pnl,
        totalQuote,
        priceQuote: result.pnl.priceQuote + totalQuote - result.pnl.totalQuote,
      },
    }
    const found = summariseBacktest(ruined, options)
    expect(found.performance.maxDrawdownRatio).toBeGreaterThan(1)
    expect(found.performance.annualReturnRatio).toBeUndefined()
    expect(JSON.stringify(found)).not.toContain('null')
    expect(reportPage(ruined, found, assets)).toContain('The account was ruined')
  })
})

describe('the page', () => {
  const page = reportPage(result, summary, assets)

  it('tells failed gates before anything else', () => {
    const failed = summary.gates.filter(({ verdict }) => verdict === 'failed')
    expect(failed.length).toBeGreaterThan(1)
    const places = [...failed.map(({ sentence }) => page.indexOf(html`${sentence}`.html))]
    expect(Math.min(...places)).toBeGreaterThan(0)
    expect(Math.max(...places)).toBeLessThan(page.indexOf('What was run'))
    expect(page.indexOf('fails')).toBeLessThan(page.indexOf('Return and risk'))
  })

  it('loads nothing from anywhere', () => {
    expect(page).not.toMatch(/\b(?:src|href)="(?!result)/)
    expect(page).not.toMatch(/https?:|url\(|@import/)
    expect(page).toContain('default-src &#39;none&#39;')
  })

  it('states span, seed, commit, command, costs and the data it came from', () => {
    for (const text of [
      '2025-08-20',
      'fd50b30c0ffee',
      '--seed 11',
      'sample.gz',
      'SYNTHETIC',
      '365 days',
      'Survivorship',
    ])
      expect(page).toContain(text)
  })

  it('gives every chart a unit on both axes', () => {
    const charts = chartsOf(result, summary)
    expect(charts.map(({ id }) => id)).toEqual([
      'equity',
      'drawdown',
      'exposure',
      'sharpe',
      'cost',
      'markout',
    ])
    for (const { xLabel, yLabel, columns, series } of charts) {
      expect(xLabel).toMatch(/UTC|bps|seconds/)
      expect(yLabel).toMatch(/USDT|%|bps|Sharpe, annual/)
      expect(columns).toHaveLength(series.length + 1)
      for (const column of columns) expect(column).toHaveLength(columns[0]!.length)
    }
  })

  it('shows the first 500 rows and says how many there are', () => {
    const fills = result.fills.timeUs.length
    expect(fills).toBeGreaterThan(500)
    expect(page).toContain(`first 500 of ${fills.toLocaleString('en-US')}`)
  })

  it('escapes whatever it is given', () => {
    const evil = '</script><img src=x onerror=alert(1)>"\'&'
    const bad: BacktestResult = {
      ...result,
      strategy: evil,
      symbols: [evil],
      command: evil,
      commit: evil,
      warnings: [evil],
      assumptions: [evil],
      parameters: { [evil]: evil },
      sources: [{ path: evil, sha256: evil, rows: 1, isSynthetic: true }],
      benchmarks: [{ name: evil, equityQuote: result.equity.equityQuote }],
      fills: { ...result.fills, symbol: result.fills.symbol.map(() => evil) },
      roundTrips: { ...result.roundTrips, symbol: result.roundTrips.symbol.map(() => evil) },
    }
    const row = { label: evil, live: evil, backtest: evil, difference: evil, isEqual: false }
    const found = reportPage(bad, summariseBacktest(bad, options), assets, {
      parity: [row],
      tables: [{ label: evil, href: evil }],
    })
    expect(found).not.toContain('<img')
    expect(found.match(/<\/script>/g)).toHaveLength(3)
  })

  it('shows parity only when it is given', () => {
    expect(page).not.toContain('Paper against backtest')
    const row = { label: 'fills', live: '3', backtest: '3', difference: '0', isEqual: true }
    expect(reportPage(result, summary, assets, { parity: [row] })).toContain('everything equal')
  })
})

describe('drawing fewer rows', () => {
  it('keeps both ends and every extreme', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (column, stretches) => {
          const kept = keepExtremes([column], stretches)
          const values = kept.map((row) => column[row]!)
          expect(kept[0]).toBe(0)
          expect(kept.at(-1)).toBe(column.length - 1)
          expect(Math.max(...values)).toBe(Math.max(...column))
          expect(Math.min(...values)).toBe(Math.min(...column))
          expect([...kept].sort((a, b) => a - b)).toEqual(kept)
        },
      ),
    )
  })

  it('cannot be ended by text inside the embedded figures', () => {
    expect(embeddedJson({ a: '</script><!--' }).html).not.toContain('<')
    expect(JSON.parse(embeddedJson({ a: '</script>' }).html)).toEqual({ a: '</script>' })
  })
})
