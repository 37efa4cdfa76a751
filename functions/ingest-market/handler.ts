import { z } from 'zod'
import type { Row } from '#shared/cloud/port.ts'
import type { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMinute } from '#shared/kernel/unit.ts'
import { raiseAlerts } from '../alert.ts'
import { type MarketCheck, storeChecks } from '../check-state.ts'
import {
  checkNumber,
  type FunctionPorts,
  type FunctionReport,
  readInput,
} from '../function-call.ts'
import type { PublicLongShortRatio, PublicOpenInterest } from '../public-market.ts'
import { symbolsInput } from '../symbols.ts'
import {
  differenceBps,
  type MarkQuote,
  quoteOf,
  type Reading,
  readFrom,
  sourceCheck,
} from './reading.ts'

const inputSchema = z.strictObject({ symbols: symbolsInput })

/** What is read now is none of what was at a time further back than this. */
const lateUsMax = 5 * microsPerMinute

type Ports = Pick<
  FunctionPorts,
  'market' | 'secondMarket' | 'venue' | 'warehouse' | 'clock' | 'bus' | 'settings'
>

/**
 * Stores mark and index of both sources, open interest, and the long/short ratio, under the scheduled time.
 *
 * Where the first source fails, the second one's row stands in and `source` says so; a failure is a row of
 * `data_checks` and one alert per episode. The marks of both sources are compared. What no source tells is named in
 * the report. Liquidations are told by stream only: the collector stores them.
 *
 * @throws TradingError OPTION_INVALID, WAREHOUSE_BUSY, PLATFORM_UNREACHABLE; VENUE_* or WIRE_SHAPE_UNKNOWN when a
 *   symbol has no mark from any source
 */
export async function ingestMarket(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  const symbols = [...new Set(readInput(inputSchema, input).symbols ?? ports.settings.symbols)]
  if (ports.clock.nowUs() - scheduledAtUs > lateUsMax)
    return { function: 'ingest-market', skipped: 'its scheduled time is more than 5 minutes past' }

  const [marks, interest, ratios] = await Promise.all([
    readMarks(symbols, ports),
    readInterest(symbols, ports),
    readRatios(symbols, ports),
  ])
  const checks = [...marks.checks, ...interest.checks, ...ratios.checks]
  const stamped = (rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, observed_at: scheduledAtUs }))
  const alerts = await storeChecks(ports.warehouse, checks, {
    atUs: scheduledAtUs,
    alert: 'data-quality',
  })
  await ports.warehouse.insert('mark_prices', stamped(marks.rows))
  await ports.warehouse.insert('open_interest', stamped(interest.rows))
  await ports.warehouse.insert('long_short_ratios', stamped(ratios.rows))
  await raiseAlerts(ports.bus, alerts)
  if (marks.fault) throw marks.fault
  return {
    function: 'ingest-market',
    sources: [ports.venue, ...(ports.secondMarket ? [ports.secondMarket.source] : [])],
    marks: marks.rows.length,
    openInterest: interest.rows.length,
    longShortRatios: ratios.rows.length,
    failed: checks.filter(({ isOk }) => !isOk).map(({ name, subject }) => `${name} ${subject}`),
    notGiven: { ...interest.notGiven, ...ratios.notGiven },
  }
}

type Gathered = {
  readonly rows: readonly Row[]
  readonly checks: readonly MarketCheck[]
  readonly notGiven?: Readonly<Record<string, string>>
}

async function readMarks(
  symbols: readonly string[],
  { market, secondMarket, venue, clock, settings }: Ports,
): Promise<Gathered & { readonly fault: TradingError | undefined }> {
  const [first, second] = await Promise.all([
    readFrom(() => market.premiumIndex()),
    secondMarket ? readFrom(() => secondMarket.premiumIndex()) : undefined,
  ])
  const checks: MarketCheck[] = [sourceCheck(venue, 'premiumIndex', first.fault)]
  if (secondMarket) checks.push(sourceCheck(secondMarket.source, 'premiumIndex', second?.fault))
  const rows: Row[] = []
  let fault: TradingError | undefined

  for (const symbol of symbols) {
    const quote = async (read: typeof first, source: string): Promise<Reading<MarkQuote>> =>
      read.value
        ? await readFrom(async () => quoteOf(read.value, symbol, source, clock.nowUs()))
        : read
    const own = await quote(first, venue)
    const other = second && secondMarket ? await quote(second, secondMarket.source) : undefined
    if (own.value) rows.push(markRow(venue, symbol, own.value))
    if (other?.value && secondMarket) rows.push(markRow(secondMarket.source, symbol, other.value))
    // A failed list is one fault, said above; a fault of one symbol in a good list is said here.
    if (first.value) checks.push(sourceCheck(venue, `mark ${symbol}`, own.fault))
    if (!own.value && !other?.value) fault ??= own.fault
    if (own.value && other?.value) {
      const observed = differenceBps(own.value.markPrice, other.value.markPrice)
      const allowed = settings.markDisagreementBpsMax
      checks.push({
        name: 'mark-disagreement',
        subject: symbol,
        isOk: observed <= allowed,
        observed,
        allowed,
        detail: `${venue} ${own.value.markPrice}, ${secondMarket?.source} ${other.value.markPrice}: ${observed.toFixed(2)} bps apart`,
      })
    }
  }
  return { rows, checks, fault }
}

const markRow = (source: string, symbol: string, quote: MarkQuote): Row => ({
  source,
  symbol,
  mark_price: quote.markPrice,
  index_price: quote.indexPrice,
})

async function readInterest(
  symbols: readonly string[],
  { market, secondMarket, venue }: Ports,
): Promise<Gathered> {
  const rows: Row[] = []
  const checks: MarketCheck[] = []
  if (!market.openInterest && !secondMarket)
    return { rows, checks, notGiven: { openInterest: `${venue} does not tell it` } }
  const store = (source: string, { symbol, openInterest }: PublicOpenInterest) =>
    rows.push({
      source,
      symbol,
      open_interest: checkNumber(openInterest, `open interest of ${symbol}`, 'unsigned'),
    })
  await Promise.all(
    symbols.map(async (symbol) => {
      if (market.openInterest) {
        const own = await readFrom(() => market.openInterest!(symbol))
        checks.push(sourceCheck(venue, `openInterest ${symbol}`, own.fault))
        if (own.value) return void store(venue, own.value)
      }
      if (!secondMarket) return
      const other = await readFrom(() => secondMarket.openInterest(symbol))
      checks.push(sourceCheck(secondMarket.source, `openInterest ${symbol}`, other.fault))
      if (other.value) store(secondMarket.source, other.value)
    }),
  )
  return { rows, checks }
}

/** Aster tells no such ratio: the second source's is stored under its own name, never as Aster's. */
async function readRatios(
  symbols: readonly string[],
  { secondMarket, venue }: Ports,
): Promise<Gathered> {
  const rows: Row[] = []
  const checks: MarketCheck[] = []
  if (!secondMarket) return { rows, checks, notGiven: { longShortRatios: `${venue} has none` } }
  await Promise.all(
    symbols.map(async (symbol) => {
      const read = await readFrom(async () =>
        ratioRow(secondMarket.source, await secondMarket.longShortRatio(symbol)),
      )
      checks.push(sourceCheck(secondMarket.source, `longShortRatio ${symbol}`, read.fault))
      if (read.value) rows.push(read.value)
    }),
  )
  return { rows, checks }
}

function ratioRow(source: string, ratio: PublicLongShortRatio): Row {
  const { symbol } = ratio
  const read = (field: 'longShare' | 'shortShare' | 'longShortRatio') =>
    checkNumber(ratio[field], `${field} of ${symbol}`, 'unsigned')
  return {
    source,
    symbol,
    long_share: read('longShare'),
    short_share: read('shortShare'),
    long_short_ratio: read('longShortRatio'),
  }
}
