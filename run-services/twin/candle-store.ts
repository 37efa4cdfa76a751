import type { Instrument } from '#shared/market/instrument.ts'
import { randomFor } from '#shared/simulation/latent-price.ts'
import type { PublicTrade } from '#shared/simulation/state.ts'

/** One candle in ticks and lots; `quote` is a float in quote units. */
export type CandleRow = {
  openTimeUs: number
  openTicks: number
  highTicks: number
  lowTicks: number
  closeTicks: number
  volumeLots: number
  quoteTickLots: number
  takerBuyLots: number
  takerBuyTickLots: number
  tradeCount: number
  firstTradeId: number
  lastTradeId: number
}

/** One-minute candles of a market, built from its trades, with invented ones before its start if asked for. */
export type CandleStore = {
  add(trade: PublicTrade): void
  /** Candles of an interval that opened in [startUs, endUs], oldest first. */
  between(intervalUs: number, startUs: number, endUs: number): CandleRow[]
  /** The open candle and the one before it, oldest first. */
  latest(): readonly CandleRow[]
}

const minuteUs = 60_000_000
const rowsMax = 50_000

export type CandleHistory = {
  readonly seed: number
  readonly days: number
  readonly startUs: number
  readonly startTicks: number
  readonly volatilityBpsPerSqrtSecond: number
  readonly lotsPerMinute: number
}

export function createCandleStore(
  instrument: Instrument,
  history: CandleHistory | undefined,
): CandleStore {
  const rows: CandleRow[] = []
  let invented: CandleRow[] | undefined
  const inventedOnce = () => {
    invented ??= history ? inventHistory(instrument.symbol, history) : []
    return invented
  }
  return {
    latest: () => rows.slice(-2),
    add: (trade) => {
      const openTimeUs = trade.timeUs - (trade.timeUs % minuteUs)
      let row = rows.at(-1)
      if (!row || row.openTimeUs !== openTimeUs) {
        row = emptyRow(openTimeUs, trade.priceTicks, trade.tradeId)
        rows.push(row)
        if (rows.length > 2 * rowsMax) rows.splice(0, rowsMax)
      }
      addTrade(row, trade)
    },
    between: (intervalUs, startUs, endUs) => {
      const first = rows[0]?.openTimeUs ?? Number.POSITIVE_INFINITY
      const from = startUs - (startUs % intervalUs)
      const needsHistory = history !== undefined && startUs < first
      const before = needsHistory ? inventedOnce().filter((row) => row.openTimeUs < first) : []
      const merged: CandleRow[] = []
      for (const row of [...before, ...rows]) {
        if (row.openTimeUs < from || row.openTimeUs > endUs) continue
        mergeInto(merged, row, intervalUs)
      }
      return merged.filter((row) => row.openTimeUs >= startUs)
    },
  }
}

const emptyRow = (openTimeUs: number, priceTicks: number, tradeId: number): CandleRow => ({
  openTimeUs,
  openTicks: priceTicks,
  highTicks: priceTicks,
  lowTicks: priceTicks,
  closeTicks: priceTicks,
  volumeLots: 0,
  quoteTickLots: 0,
  takerBuyLots: 0,
  takerBuyTickLots: 0,
  tradeCount: 0,
  firstTradeId: tradeId,
  lastTradeId: tradeId,
})

function addTrade(row: CandleRow, { priceTicks, sizeLots, aggressor, tradeId }: PublicTrade): void {
  row.highTicks = Math.max(row.highTicks, priceTicks)
  row.lowTicks = Math.min(row.lowTicks, priceTicks)
  row.closeTicks = priceTicks
  row.volumeLots += sizeLots
  row.quoteTickLots += sizeLots * priceTicks
  if (aggressor === 'buy') {
    row.takerBuyLots += sizeLots
    row.takerBuyTickLots += sizeLots * priceTicks
  }
  row.tradeCount++
  row.lastTradeId = tradeId
}

function mergeInto(merged: CandleRow[], row: CandleRow, intervalUs: number): void {
  const openTimeUs = row.openTimeUs - (row.openTimeUs % intervalUs)
  const last = merged.at(-1)
  if (!last || last.openTimeUs !== openTimeUs) {
    merged.push({ ...row, openTimeUs })
    return
  }
  last.highTicks = Math.max(last.highTicks, row.highTicks)
  last.lowTicks = Math.min(last.lowTicks, row.lowTicks)
  last.closeTicks = row.closeTicks
  last.volumeLots += row.volumeLots
  last.quoteTickLots += row.quoteTickLots
  last.takerBuyLots += row.takerBuyLots
  last.takerBuyTickLots += row.takerBuyTickLots
  last.tradeCount += row.tradeCount
  last.lastTradeId = row.lastTradeId
}

/** Invents minutes backwards from the start price, so that the last one joins the live market. */
function inventHistory(symbol: string, history: CandleHistory): CandleRow[] {
  const { seed, days, startUs, startTicks, volatilityBpsPerSqrtSecond, lotsPerMinute } = history
  const random = randomFor(seed, `history ${symbol}`)
  const sigma = (volatilityBpsPerSqrtSecond / 10_000) * Math.sqrt(60)
  const rows: CandleRow[] = []
  let close = startTicks
  let openTimeUs = startUs - (startUs % minuteUs)
  for (let minute = 0; minute < days * 1_440; minute++) {
    openTimeUs -= minuteUs
    const move = sigma * random.normal()
    const open = Math.max(1, Math.round(close / Math.exp(move)))
    const reach = sigma * 0.5
    const high = Math.max(open, close) * (1 + reach * Math.abs(random.normal()))
    const low = Math.min(open, close) * (1 - reach * Math.abs(random.normal()))
    const volumeLots = Math.max(1, Math.round(lotsPerMinute * Math.exp(0.5 * random.normal())))
    const takerBuyLots = Math.round(volumeLots * (0.5 + 0.2 * Math.tanh(move / sigma)))
    rows.push({
      ...emptyRow(openTimeUs, open, 0),
      highTicks: Math.max(open, close, Math.round(high)),
      lowTicks: Math.max(1, Math.min(open, close, Math.round(low))),
      closeTicks: close,
      volumeLots,
      quoteTickLots: (volumeLots * (open + close)) / 2,
      takerBuyLots,
      takerBuyTickLots: (takerBuyLots * (open + close)) / 2,
      tradeCount: 1 + random.poisson(200),
    })
    close = open
  }
  return rows.reverse()
}
