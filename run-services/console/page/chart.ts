import {
  type CandlestickData,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  type SeriesMarker,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { FillMessage, OrderMessage } from '#shared/cloud/message.ts'
import type { ConsoleCandle } from '../candle.ts'
import type { ConsoleState } from '../state.ts'
import { byId, setText } from './dom.ts'
import { assetsOf, sideLetter, strategyText } from './format.ts'
import { onThemeChange, readTheme, type Theme } from './theme.ts'

/** Markers and lines beyond these would hide the candles. */
const markersMax = 200
const labelledLinesMax = 4
/** The words of more markers would cover each other; place, shape and colour still tell the side. */
const labelledMarkersMax = 12

export type ChartView = {
  readonly state: ConsoleState
  /** Grows when the state was replaced as a whole. */
  readonly generation: number
  readonly symbol: string | undefined
  readonly interval: '5s' | '1m'
  readonly priceDecimals: number
}

/** Candles of one symbol with our fills as arrows and our working orders as lines. */
export function createCandleChart(): (view: ChartView) => void {
  const root = byId('chart')
  const { chart, series } = buildChart(root)
  const markers = createSeriesMarkers(series, [])
  const lines = new Map<string, IPriceLine>()
  let theme = readTheme()
  onThemeChange(() => {
    theme = readTheme()
    chart.applyOptions(coloursOf(theme))
    series.applyOptions(candleColoursOf(theme))
    // Lines and arrows are made anew in the new colours with the next drawing.
    drawLines(series, lines, new Map(), theme)
    drawn.fills = ''
  })
  let drawn = { what: '', lastOpenAt: 0, fills: '' }

  return ({ state, generation, symbol, interval, priceDecimals }) => {
    const symbolState = symbol === undefined ? undefined : state.symbols[symbol]
    const candles = symbolState?.[interval === '5s' ? 'candles5s' : 'candles1m'] ?? []
    byId('chart-empty').hidden = candles.length > 0
    if (symbol === undefined || candles.length === 0) return
    setText(byId('chart-title'), symbol)
    setText(byId('chart-note'), `${assetsOf(symbol).quote}, candles from trades, time UTC`)

    const what = `${generation} ${symbol} ${interval} ${priceDecimals}`
    if (drawn.what !== what) {
      const minMove = 10 ** -priceDecimals
      series.applyOptions({ priceFormat: { type: 'price', precision: priceDecimals, minMove } })
      series.setData(candles.map(bar))
      chart.timeScale().scrollToRealTime()
      drawn = { what, lastOpenAt: 0, fills: '' }
    } else {
      for (const candle of candles.slice(-3))
        if (candle.openAtSeconds >= drawn.lastOpenAt) series.update(bar(candle))
    }
    drawn.lastOpenAt = candles.at(-1)!.openAtSeconds

    const fills = state.fills.filter((fill) => fill.symbol === symbol).slice(-markersMax)
    const fillsKey = `${fills.length} ${fills.at(-1)?.trade_id}`
    if (fillsKey !== drawn.fills) {
      const first = candles[0]!.openAtSeconds
      const visible = fills.filter((fill) => fill.event_time / 1e6 >= first)
      markers.setMarkers(markersOf(visible, interval === '5s' ? 5 : 60, theme))
      drawn.fills = fillsKey
    }
    drawLines(series, lines, orderLines(state, symbol), theme)
  }
}

function buildChart(root: HTMLElement): {
  chart: IChartApi
  series: ISeriesApi<'Candlestick'>
} {
  const theme = readTheme()
  const chart = createChart(root, {
    autoSize: true,
    layout: {
      fontSize: 11,
      // The link in the footer carries the attribution; the logo would need inline styles.
      attributionLogo: false,
    },
    timeScale: {
      timeVisible: true,
      secondsVisible: true,
      rightOffset: 4,
      barSpacing: 7,
    },
    crosshair: { mode: 0 },
  })
  chart.applyOptions(coloursOf(theme))
  const series = chart.addSeries(CandlestickSeries, {
    borderVisible: false,
    ...candleColoursOf(theme),
  })
  return { chart, series }
}

function coloursOf({ panel, muted, grid, line }: Theme) {
  return {
    layout: { background: { color: panel }, textColor: muted },
    grid: { vertLines: { color: grid }, horzLines: { color: grid } },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line },
  }
}

const candleColoursOf = ({ up, down }: Theme) => ({
  upColor: up,
  downColor: down,
  wickUpColor: up,
  wickDownColor: down,
})

const bar = (candle: ConsoleCandle): CandlestickData<UTCTimestamp> => ({
  time: candle.openAtSeconds as UTCTimestamp,
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
})

/** One arrow per bar and side: more would cover the candles. */
function markersOf(
  fills: readonly FillMessage[],
  intervalSeconds: number,
  { up, down }: Theme,
): SeriesMarker<UTCTimestamp>[] {
  const counts = new Map<string, { time: number; isBuy: boolean; count: number }>()
  for (const { event_time, side } of fills) {
    const time = Math.floor(event_time / 1e6 / intervalSeconds) * intervalSeconds
    const key = `${time} ${side}`
    const known = counts.get(key) ?? { time, isBuy: side === 'buy', count: 0 }
    known.count++
    counts.set(key, known)
  }
  const isSparse = counts.size <= labelledMarkersMax
  return [...counts.values()]
    .sort((a, b) => a.time - b.time)
    .map(({ time, isBuy, count }) => ({
      time: time as UTCTimestamp,
      position: isBuy ? 'belowBar' : 'aboveBar',
      shape: isBuy ? 'arrowUp' : 'arrowDown',
      color: isBuy ? up : down,
      text: isSparse ? `${isBuy ? 'B' : 'S'}${count > 1 ? count : ''}` : '',
      size: 0.8,
    }))
}

type OrderLine = {
  readonly price: number
  readonly side: string
  readonly title: string
}

function orderLines(state: ConsoleState, symbol: string): Map<string, OrderLine> {
  const orders = Object.values(state.workingOrders).filter((order) => order.symbol === symbol)
  const isLabelled = orders.length <= labelledLinesMax
  const byKey = new Map<string, OrderLine>()
  for (const order of orders) {
    const title = isLabelled ? lineTitle(order) : ''
    byKey.set(`${order.side} ${order.price} ${title}`, { ...order, title })
  }
  return byKey
}

const lineTitle = (order: OrderMessage): string =>
  `${sideLetter(order.side)} ${strategyText(order.strategy)}`

function drawLines(
  series: ISeriesApi<'Candlestick'>,
  drawn: Map<string, IPriceLine>,
  wanted: ReadonlyMap<string, OrderLine>,
  { upLine, downLine }: Theme,
): void {
  for (const [key, line] of drawn) {
    if (wanted.has(key)) continue
    series.removePriceLine(line)
    drawn.delete(key)
  }
  for (const [key, { price, side, title }] of wanted) {
    if (drawn.has(key)) continue
    const line = series.createPriceLine({
      price,
      color: side === 'buy' ? upLine : downLine,
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: false,
      title,
    })
    drawn.set(key, line)
  }
}
