import { createRandom } from '#shared/kernel/random.ts'
import { microsPerHour, microsPerSecond } from '#shared/kernel/unit.ts'
import type { BacktestResult } from '../result.ts'

const startEquityQuote = 10_000
const startUs = Date.UTC(2025, 7, 20) * 1_000

/** Columns that a builder appends to; the contract shows them as read-only. */
type Growing<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer V)[] ? V[] : never }

/** Two markets quoted for months by an invented maker; every figure adds up. */
export function sampleResult({
  hours = 24 * 120,
  edgeBps = 1.2,
  makerFeeBps = 1,
  tripsPerHour = 0.25,
}: {
  readonly hours?: number
  readonly edgeBps?: number
  readonly makerFeeBps?: number
  readonly tripsPerHour?: number
} = {}): BacktestResult {
  const random = createRandom(11)
  const fills: Growing<Omit<BacktestResult['fills'], 'markoutBps'>> = {
    timeUs: [],
    symbol: [],
    side: [],
    priceQuote: [],
    sizeBase: [],
    liquidity: [],
    feeQuote: [],
    midQuote: [],
  }
  const markoutBps: number[][] = []
  const trips: Growing<BacktestResult['roundTrips']> = {
    symbol: [],
    side: [],
    openUs: [],
    closeUs: [],
    openPriceQuote: [],
    closePriceQuote: [],
    sizeBase: [],
    pnlQuote: [],
  }
  const parts = { spread: 0, price: 0, fees: 0, funding: 0, slippage: 0 }
  const equity: number[] = [startEquityQuote]
  const exposure: number[] = [0]
  const held: number[] = [startEquityQuote]
  const equalWeight: number[] = [startEquityQuote]
  let notionalQuote = 0
  let makerQuote = 0
  let mid = 112_000

  const fill = (timeUs: number, side: 'buy' | 'sell', sizeBase: number, isMaker: boolean) => {
    const offset = (isMaker ? -1 : 1) * edgeBps * 1e-4 * mid
    const priceQuote = side === 'buy' ? mid + offset : mid - offset
    const notional = priceQuote * sizeBase
    const feeQuote = (notional * (isMaker ? makerFeeBps : 4)) / 10_000
    fills.timeUs.push(timeUs)
    fills.symbol.push('BTCUSDT')
    fills.side.push(side)
    fills.priceQuote.push(priceQuote)
    fills.sizeBase.push(sizeBase)
    fills.liquidity.push(isMaker ? 'maker' : 'taker')
    fills.feeQuote.push(feeQuote)
    fills.midQuote.push(mid)
    markoutBps.push([1, 2, 3].map((step) => (isMaker ? -0.4 : 0.6) * step + random.normal() * 2))
    notionalQuote += notional
    if (isMaker) makerQuote += notional
    parts.fees -= feeQuote
    parts[isMaker ? 'spread' : 'slippage'] += -offset * sizeBase
    return priceQuote
  }

  for (let hour = 1; hour <= hours; hour++) {
    const timeUs = startUs + hour * microsPerHour
    const isTrading = random.uniform() < tripsPerHour
    const isLong = random.uniform() < 0.5
    const isMaker = random.uniform() < 0.85
    const sizeBase = 0.02 + 0.02 * Math.floor(random.uniform() * 3)
    const openUs = timeUs - microsPerHour + 300 * microsPerSecond
    const before = parts.fees
    const openPrice = isTrading ? fill(openUs, isLong ? 'buy' : 'sell', sizeBase, true) : 0
    const midBefore = mid
    // The crash of 10 October 2025 as one bad hour, then a partial recovery.
    const jump = hour === 24 * 51 + 21 ? -0.11 : hour === 24 * 51 + 23 ? 0.05 : 0
    mid *= Math.exp(random.normal() * 0.0045 + jump)
    if (isTrading) {
      const closePrice = fill(timeUs, isLong ? 'sell' : 'buy', sizeBase, isMaker)
      const direction = isLong ? 1 : -1
      parts.price += direction * (mid - midBefore) * sizeBase
      const funding = hour % 8 === 0 ? -direction * 1e-4 * mid * sizeBase : 0
      parts.funding += funding
      const gross = direction * (closePrice - openPrice) * sizeBase
      trips.symbol.push('BTCUSDT')
      trips.side.push(isLong ? 'long' : 'short')
      trips.openUs.push(openUs)
      trips.closeUs.push(timeUs)
      trips.openPriceQuote.push(openPrice)
      trips.closePriceQuote.push(closePrice)
      trips.sizeBase.push(sizeBase)
      trips.pnlQuote.push(gross + (parts.fees - before) + funding)
    }
    const earned = parts.spread + parts.price + parts.fees + parts.funding + parts.slippage
    equity.push(startEquityQuote + earned)
    exposure.push(isTrading ? sizeBase * mid : 0)
    held.push((startEquityQuote * mid) / 112_000)
    equalWeight.push(startEquityQuote * (1 + 0.6 * (mid / 112_000 - 1)))
  }
  const timeUs = equity.map((_, hour) => startUs + hour * microsPerHour)
  return {
    engine: 'tick',
    strategy: 'glft',
    parameters: { gammaPerTick: 0.05, orderQuote: 2_000, isSkewed: true },
    symbols: ['BTCUSDT'],
    startUs,
    endUs: timeUs.at(-1)!,
    seed: 11,
    startEquityQuote,
    sources: [
      {
        path: 'sample.gz',
        sha256: '9f86d081884c7d659a2feaa0c55ad015',
        rows: 1_200_345,
        isSynthetic: true,
      },
    ],
    command: 'npm run backtest -- --strategy glft --tape sample.gz --seed 11',
    commit: 'fd50b30c0ffee',
    assumptions: [
      'Feed 20 ms, order entry 35 ms, response 35 ms, constant',
      'Queue: cancels ahead come from behind us (pessimistic)',
    ],
    equity: { periodSeconds: 3_600, timeUs, equityQuote: equity, exposureQuote: exposure },
    pnl: {
      totalQuote: equity.at(-1)! - startEquityQuote,
      spreadQuote: parts.spread,
      priceQuote: parts.price,
      feesQuote: parts.fees,
      fundingQuote: parts.funding,
      slippageQuote: parts.slippage,
      liquidationQuote: 0,
    },
    fills: { ...fills, markoutBps },
    roundTrips: trips,
    orders: Math.round(fills.timeUs.length * 6.3),
    tradedNotionalQuote: notionalQuote,
    makerNotionalQuote: makerQuote,
    fillRatio: fills.timeUs.length === 0 ? undefined : 0.159,
    liquidations: [],
    benchmarks: [
      { name: 'buy and hold BTCUSDT', equityQuote: held },
      { name: 'equal weight', equityQuote: equalWeight },
    ],
    warnings: [],
  }
}
