import { z } from 'zod'
import { candleSpanQuery, readCandleSpans } from '#shared/cloud/query/candle.ts'
import { markDifferenceQuery, readMarkDifferences } from '#shared/cloud/query/mark.ts'
import { type AgeingTable, newestRowQuery, readNewestRows } from '#shared/cloud/query/staleness.ts'
import {
  type Micros,
  microsPerHour,
  microsPerMinute,
  microsPerSecond,
} from '#shared/kernel/unit.ts'
import { raiseAlerts } from '../alert.ts'
import { type MarketCheck, storeChecks } from '../check-state.ts'
import { type FunctionPorts, type FunctionReport, isoSeconds, readInput } from '../function-call.ts'
import { symbolsInput } from '../symbols.ts'

const inputSchema = z.strictObject({ symbols: symbolsInput })

/** A closed minute candle bears the time of its opening, so it is a minute old when it is stored. */
const ageSecondsMax: Readonly<Record<AgeingTable, number>> = {
  candles: 240,
  mark_prices: 180,
  open_interest: 180,
  funding_rates: 180,
}
const lookbackUs = microsPerHour

type Ports = Pick<FunctionPorts, 'venue' | 'warehouse' | 'bus' | 'settings' | 'openedUs'>

/**
 * Looks at the last hour of market data in the warehouse: candles that are missing between others, tables that stopped
 * growing, and marks of two sources that differ on average by more than half of what a single minute may.
 *
 * Every check is a row of `data_checks`, the good ones too; an alert is raised when one changes.
 *
 * @throws TradingError OPTION_INVALID, QUERY_INVALID, WAREHOUSE_BUSY, PLATFORM_UNREACHABLE
 */
export async function checkMarketRows(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Ports,
): Promise<FunctionReport> {
  const symbols = [...new Set(readInput(inputSchema, input).symbols ?? ports.settings.symbols)]
  const fromUs = Math.max(scheduledAtUs - lookbackUs, ports.openedUs ?? 0)
  const span = { symbols, fromUs, untilUs: scheduledAtUs }
  if (scheduledAtUs - fromUs < microsPerMinute)
    return { function: 'check-data', skipped: 'the system is younger than a minute' }

  const checks = [
    ...(await checkGaps(span, ports)),
    ...(await checkAges(span, ports)),
    ...(await checkMarks(span, ports)),
  ]
  const about = { atUs: scheduledAtUs, alert: 'data-quality' } as const
  await raiseAlerts(ports.bus, await storeChecks(ports.warehouse, checks, about))
  return {
    function: 'check-data',
    checks: checks.length,
    failed: checks
      .filter(({ isOk }) => !isOk)
      .map(({ name, subject, detail }) => `${name} ${subject}: ${detail}`),
  }
}

type Span = {
  readonly symbols: readonly string[]
  readonly fromUs: number
  readonly untilUs: number
}

async function checkGaps(span: Span, { warehouse, venue }: Ports): Promise<readonly MarketCheck[]> {
  const query = candleSpanQuery({ venue, interval: '1m', ...span })
  return readCandleSpans(await warehouse.query(query)).map((found) => {
    const length = (found.lastOpenUs - found.firstOpenUs) / microsPerMinute + 1
    const missing = length - found.candles
    return {
      name: 'candle-gap',
      subject: found.symbol,
      isOk: missing === 0,
      observed: missing,
      allowed: 0,
      detail: `${missing} of ${length} minute candles are missing since ${isoSeconds(found.firstOpenUs)}`,
    }
  })
}

async function checkAges(
  { symbols, fromUs, untilUs }: Span,
  { warehouse, openedUs }: Ports,
): Promise<readonly MarketCheck[]> {
  const checks: MarketCheck[] = []
  for (const table of Object.keys(ageSecondsMax) as AgeingTable[]) {
    const query = newestRowQuery(table, symbols, fromUs, untilUs)
    const newest = readNewestRows(await warehouse.query(query))
    // What no source of this system tells cannot grow stale; ingest-market names it in its report.
    if (newest.size === 0 && table === 'open_interest' && openedUs !== undefined) continue
    for (const symbol of symbols)
      checks.push(ageCheck(table, symbol, newest.get(symbol), { fromUs, untilUs }))
  }
  return checks
}

function ageCheck(
  table: AgeingTable,
  symbol: string,
  newestUs: Micros | undefined,
  { fromUs, untilUs }: { readonly fromUs: number; readonly untilUs: number },
): MarketCheck {
  const allowed = ageSecondsMax[table]
  const observed = newestUs === undefined ? undefined : (untilUs - newestUs) / microsPerSecond
  // A system that has just begun has had no time yet to be late.
  const isTooYoung = observed === undefined && (untilUs - fromUs) / microsPerSecond <= allowed
  return {
    name: 'staleness',
    subject: `${table} ${symbol}`,
    isOk: observed === undefined ? isTooYoung : observed <= allowed,
    observed,
    allowed,
    detail:
      observed === undefined
        ? `no row since ${isoSeconds(fromUs)}`
        : `the newest row is ${Math.round(observed)} s old`,
  }
}

async function checkMarks(
  span: Span,
  { warehouse, venue, settings }: Ports,
): Promise<readonly MarketCheck[]> {
  const allowed = settings.markDisagreementBpsMax / 2
  const query = markDifferenceQuery({ first: venue, ...span })
  return readMarkDifferences(await warehouse.query(query)).map((found) => ({
    name: 'mark-bias',
    subject: found.symbol,
    isOk: found.averageBps <= allowed,
    observed: found.averageBps,
    allowed,
    detail: `${found.averageBps.toFixed(2)} bps apart on average of ${found.pairs}, ${found.worstBps.toFixed(2)} at worst`,
  }))
}
