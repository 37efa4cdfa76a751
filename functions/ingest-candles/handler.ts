import { z } from 'zod'
import type { Row } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'
import { candleIntervals, candleIntervalsUs } from '#shared/market/candle-interval.ts'
import {
  checkNumber,
  type FunctionPorts,
  type FunctionReport,
  readInput,
} from '../function-call.ts'
import type { PublicKline } from '../public-market.ts'
import { symbolsInput } from '../symbols.ts'

/** A venue may still count trades of the last moment into a candle this long after its end. */
const settlingMs = 5_000

const inputSchema = z.strictObject({
  symbols: symbolsInput,
  interval: z.enum(candleIntervals).default('1m'),
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
  const intervalMs = candleIntervalsUs[interval] / microsPerMilli
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
