import { existsSync } from 'node:fs'
import { readCandleFiles } from '#pipelines/backtest/candle-read.ts'
import { createRandom } from '#shared/kernel/random.ts'
import { microsPerHour } from '#shared/kernel/unit.ts'
import type { BarColumns } from '#shared/simulation/bar/series.ts'

export type BenchBars = { readonly columns: readonly BarColumns[]; readonly source: string }

const rows = 45_000
const symbols = ['AAVEUSDT', 'BCHUSDT', 'ETCUSDT', 'LTCUSDT', 'ZECUSDT']
const folder = '../shared/data/klines/binance_usdm_1h_multiyear'

/** The last 45,000 hourly bars of five real perpetuals; a seeded walk where the recordings are absent. */
export async function loadBars(nowUs: number): Promise<BenchBars> {
  if (!existsSync(folder))
    return { columns: symbols.map(walk), source: 'a seeded random walk (recordings are absent)' }
  const files = symbols.map((symbol) => ({
    path: `${folder}/${symbol}.csv.gz`,
    symbol,
    interval: undefined,
  }))
  const { candles } = await readCandleFiles(files, {
    symbols,
    intervalUs: microsPerHour,
    nowUs,
    allowGaps: false,
  })
  return {
    columns: candles.map(({ columns }) => lastRows(columns)),
    source: `Binance USD-M 1h, last ${rows} bars of ${symbols.join(', ')}`,
  }
}

const lastRows = ({ symbol, timeUs, open, high, low, close, volume }: BarColumns): BarColumns => ({
  symbol,
  timeUs: timeUs.slice(-rows),
  open: open.slice(-rows),
  high: high.slice(-rows),
  low: low.slice(-rows),
  close: close.slice(-rows),
  volume: volume.slice(-rows),
})

function walk(symbol: string, seed: number): BarColumns {
  const random = createRandom(seed + 1)
  const column = (): Float64Array => new Float64Array(rows)
  const [timeUs, open, high, low, close, volume] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column().fill(1_000),
  ]
  let last = 100
  for (let row = 0; row < rows; row++) {
    timeUs[row] = row * microsPerHour
    open[row] = last
    last = Math.max(1, Math.round(last * (1 + 0.008 * random.normal()) * 100) / 100)
    close[row] = last
    high[row] = Math.max(open[row] as number, last) + 0.05
    low[row] = Math.min(open[row] as number, last) - 0.05
  }
  return { symbol, timeUs, open, high, low, close, volume }
}
