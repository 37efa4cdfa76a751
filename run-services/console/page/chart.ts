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

const up = '#2ebd85'
const down = '#f6465d'
/** Markers and lines beyond these would hide the candles. */
const markersMax = 200
const labelledLinesMax = 4

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
      markers.setMarkers(markersOf(visible, interval === '5s' ? 5 : 60))
      drawn.fills = fillsKey
    }
    drawLines(series, lines, orderLines(state, symbol))
  }
}

function buildChart(root: HTMLElement): {
  chart: IChartApi
  series: ISeriesApi<'Candlestick'>
} {
  const grid = { color: '#171d24' }
  const chart = createChart(root, {
    autoSize: true,
    layout: {
      background: { color: '#0f1419' },
      textColor: '#8b98a5',
      fontSize: 11,
      // The link in the footer carries the attribution; the logo would need inline styles.
      attributionLogo: false,
    },
    grid: { vertLines: grid, horzLines: grid },
    rightPriceScale: { borderColor: '#1e262f' },
    timeScale: {
      borderColor: '#1e262f',
      timeVisible: true,
      secondsVisible: true,
      rightOffset: 4,
      barSpacing: 7,
    },
    crosshair: { mode: 0 },
  })
  const series = chart.addSeries(CandlestickSeries, {
    upColor: up,
    downColor: down,
    borderVisible: false,
    wickUpColor: up,
    wickDownColor: down,
  })
  return { chart, series }
}

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
): SeriesMarker<UTCTimestamp>[] {
  const counts = new Map<string, { time: number; isBuy: boolean; count: number }>()
  for (const { event_time, side } of fills) {
    const time = Math.floor(event_time / 1e6 / intervalSeconds) * intervalSeconds
    const key = `${time} ${side}`
    const known = counts.get(key) ?? { time, isBuy: side === 'buy', count: 0 }
    known.count++
    counts.set(key, known)
  }
  return [...counts.values()]
    .sort((a, b) => a.time - b.time)
    .map(({ time, isBuy, count }) => ({
      time: time as UTCTimestamp,
      position: isBuy ? 'belowBar' : 'aboveBar',
      shape: isBuy ? 'arrowUp' : 'arrowDown',
      color: isBuy ? up : down,
      text: `${isBuy ? 'B' : 'S'}${count > 1 ? count : ''}`,
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
      color: side === 'buy' ? '#2ebd8599' : '#f6465d99',
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: false,
      title,
    })
    drawn.set(key, line)
  }
}
