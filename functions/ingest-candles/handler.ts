import { z } from 'zod'
import type { Row } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import {
  checkNumber,
  type FunctionPorts,
  type FunctionReport,
  readInput,
} from '../function-call.ts'
import type { PublicKline } from '../public-market.ts'
import { symbolsInput } from '../symbols.ts'

const intervalMinutes = {
  '1m': 1,
  '3m': 3,
  '5m': 5,
  '15m': 15,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '4h': 240,
  '6h': 360,
  '8h': 480,
  '12h': 720,
  '1d': 1_440,
} as const

const intervals = Object.keys(intervalMinutes) as (keyof typeof intervalMinutes)[]

/** A venue may still count trades of the last moment into a candle this long after its end. */
const settlingMs = 5_000

const inputSchema = z.strictObject({
  symbols: symbolsInput,
  interval: z.enum(intervals).default('1m'),
  /** Closed candles to look back for: a run that was missed is made up for by the next one. */
  lookback: z.int().min(1).max(1_500).default(10),
})

/**
 * Stores closed candles. One that is open, or ended less than five seconds ago, is left out: its numbers would be wrong
 * a moment later. The next run brings it.
 *
 * Symbols that fail do not hold up the others; the call as a whole then fails, and may be repeated.
 *
 * @throws TradingError OPTION_INVALID, VENUE_*, WIRE_SHAPE_UNKNOWN, WAREHOUSE_BUSY
 */
export async function ingestCandles(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Pick<FunctionPorts, 'market' | 'venue' | 'warehouse' | 'clock' | 'settings'>,
): Promise<FunctionReport> {
  const { interval, lookback, ...asked } = readInput(inputSchema, input)
  const symbols = new Set(asked.symbols ?? ports.settings.symbols)
  const intervalMs = intervalMinutes[interval] * 60_000
  const endMs = Math.floor(Math.min(scheduledAtUs, ports.clock.nowUs()) / 1_000)
  const settledMs = endMs - settlingMs
  const startMs = settledMs - (settledMs % intervalMs) - lookback * intervalMs

  let stored = 0
  const missing: Record<string, number> = {}
  const failures: TradingError[] = []
  for (const symbol of symbols) {
    try {
      const klines = await ports.market.klines(symbol, interval, startMs, endMs)
      const rows = klines
        .filter(({ openTimeMs, closeTimeMs }) => openTimeMs >= startMs && closeTimeMs < settledMs)
        .map((kline) => candleRow(kline, { venue: ports.venue, symbol, interval }))
      await ports.warehouse.insert('candles', rows)
      stored += rows.length
      if (rows.length < lookback) missing[symbol] = lookback - rows.length
    } catch (error) {
      if (!(error instanceof TradingError)) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (first)
    throw new TradingError(
      first.code,
      `${failures.length} of ${symbols.size} symbols failed, the first: ${first.message}`,
      {},
      first,
    )
  return { function: 'ingest-candles', venue: ports.venue, interval, candles: stored, missing }
}

function candleRow(
  kline: PublicKline,
  of: { readonly venue: string; readonly symbol: string; readonly interval: string },
): Row {
  const at = `${of.symbol} ${of.interval} candle ${new Date(kline.openTimeMs).toISOString()}`
  const read = (field: 'open' | 'high' | 'low' | 'close' | 'volume' | 'quoteVolume') =>
    checkNumber(kline[field], `${field} of ${at}`, 'unsigned')
  const [open, high, low, close] = [read('open'), read('high'), read('low'), read('close')]
  if (low <= 0 || low > Math.min(open, close) || high < Math.max(open, close))
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `${at} cannot be: open ${open}, high ${high}, low ${low}, close ${close}`,
    )
  return {
    ...of,
    open_time: kline.openTimeMs * 1_000,
    open,
    high,
    low,
    close,
    volume: read('volume'),
    quote_volume: read('quoteVolume'),
    trades: kline.tradeCount,
  }
}
