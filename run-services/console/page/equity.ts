import uPlot from 'uplot'
import type { ConsoleState } from '../state.ts'
import { byId, setText } from './dom.ts'
import { numberText, signedText, strategyText, timeText } from './format.ts'
import { onThemeChange, readTheme } from './theme.ts'

/** Which of the two curves is shown. */
export type Curve = 'pnl' | 'equity'

/** Total and per-strategy curve; gaps stay gaps. */
export function createEquityChart(): (state: ConsoleState, curve: Curve) => void {
  const root = byId('equity')
  const empty = byId('equity-empty')
  let plot: uPlot | undefined
  let drawnFor = ''

  const fit = () => plot?.setSize(sizeOf(root, plot.root))
  new ResizeObserver(fit).observe(root)
  onThemeChange(() => {
    drawnFor = ''
  })

  return (state, curve) => {
    const { atSeconds } = state.equityCurve
    const series = curve === 'pnl' ? pnlByFamily(state) : totalEquity(state)
    const names = [...series.keys()]
    empty.hidden = atSeconds.length > 0
    if (names.length === 0) return
    const table: uPlot.AlignedData = [atSeconds, ...series.values()]
    const key = `${curve} ${names.join(' ')}`
    if (plot && drawnFor === key) {
      plot.setData(table)
    } else {
      plot?.destroy()
      plot = new uPlot(optionsFor(sizeOf(root), names), table, root)
      drawnFor = key
      fit()
      setText(byId('equity-note'), curve === 'pnl' ? 'USDT this run' : 'USDT')
    }
  }
}

type Series = (number | null)[]

/** `total` first, then each kind of strategy, summed over the symbols it trades. */
function pnlByFamily({ equityCurve }: ConsoleState): Map<string, Series> {
  const families = new Map<string, Series>()
  const { total, ...parts } = equityCurve.pnl
  if (total) families.set('total', total)
  for (const [strategy, values] of Object.entries(parts)) {
    const family = strategyText(strategy)
    const sum = families.get(family)
    families.set(family, sum ? sum.map((value, index) => add(value, values[index])) : values)
  }
  return families
}

/** Beside the whole equity the parts would be flat lines. */
function totalEquity({ equityCurve }: ConsoleState): Map<string, Series> {
  const { total } = equityCurve.equity
  return new Map(total ? [['total', total]] : [])
}

const add = (a: number | null, b: number | null | undefined): number | null =>
  a === null || b === null || b === undefined ? null : a + b

type Size = { readonly width: number; readonly height: number }

/** What the canvas may take once the legend below it has its lines. */
function sizeOf(root: HTMLElement, plotRoot?: HTMLElement): Size {
  const legend = plotRoot?.querySelector<HTMLElement>('.u-legend')?.offsetHeight ?? 24
  return {
    width: Math.max(root.clientWidth, 50),
    height: Math.max(root.clientHeight - legend - 4, 60),
  }
}

function optionsFor(size: Size, names: readonly string[]): uPlot.Options {
  const font = '11px system-ui, sans-serif'
  const { muted, grid, total, series: colours } = readTheme()
  const axis = { stroke: muted, font, grid: { stroke: grid }, ticks: { show: false } }
  return {
    ...size,
    // Times are UTC everywhere on this page.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
    cursor: { y: false, points: { size: 5 } },
    legend: { live: true },
    scales: { x: { time: true } },
    axes: [
      {
        ...axis,
        size: 22,
        values: [
          [3600, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
        ],
      },
      {
        ...axis,
        size: 58,
        values: (_, splits) => splits.map((value) => numberText(value, decimalsFor(splits))),
      },
    ],
    series: [
      { label: 'UTC', value: (_, at: number | null) => (at === null ? 'now' : timeText(at * 1e6)) },
      ...names.map((label, index) => ({
        label,
        stroke: label === 'total' ? total : colours[index % colours.length]!,
        width: label === 'total' ? 1.6 : 1.1,
        spanGaps: false,
        points: { show: false },
        value: (plot: uPlot, value: number | null, index: number, row: number | null) => {
          // Away from the chart the legend shows the newest values.
          const shown = row === null ? plot.data[index]?.at(-1) : value
          return typeof shown === 'number' ? signedText(shown, 4) : 'no value'
        },
      })),
    ],
  }
}

/** Enough digits to tell two neighbouring marks of an axis apart. */
function decimalsFor(splits: readonly number[]): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0))
  return step > 0 ? Math.min(8, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) : 2
}
