import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerHour } from '#shared/kernel/unit.ts'
import { type FundingColumns, fundingHoles } from '#shared/simulation/bar/funding.ts'
import { microsFromText, textFromMicros } from './candle-interval.ts'
import { textFrom } from './candle-read.ts'

/** Settled rates by symbol. */
export type FundingBySymbol = ReadonlyMap<string, FundingColumns>

/** Time zone of local text in the fetcher's files of these venues, hours ahead of UTC. */
const localHours: Readonly<Record<string, number>> = {
  binance: 3,
  bybit: 3,
  htx: 3,
  kucoin: 3,
  mexc: 3,
}

/**
 * Reads settled funding rates: `timestamp,symbol,funding_rate` (also Binance's `fundingTime`, `calc_time`,
 * `last_funding_rate`), or `Symbol,Date,Funding Rate` with local text times, for which the venue in the file name
 * tells the zone.
 *
 * @throws TradingError FILE_UNREADABLE, CANDLE_MALFORMED naming file and row
 */
export async function readFundingFile(path: string): Promise<FundingBySymbol> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new TradingError('FILE_UNREADABLE', `${path} cannot be read; check --funding`, {}, error)
  })
  const lines = textFrom(path, bytes).split('\n')
  const names = (lines[0] ?? '')
    .trim()
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const time = columnOf(
    names,
    ['timestamp', 'fundingtime', 'funding_time', 'calc_time', 'date'],
    path,
  )
  const rate = columnOf(
    names,
    ['funding_rate', 'fundingrate', 'funding rate', 'last_funding_rate'],
    path,
  )
  const symbolColumn = names.indexOf('symbol')
  const fileSymbol = basename(path).split(/[-_.]/)[0] ?? ''
  const shiftUs = names[time] === 'date' ? zoneShiftUs(path) : 0
  const rows = new Map<string, { timeUs: number[]; rate: number[] }>()
  for (let index = 1; index < lines.length; index++) {
    const line = (lines[index] as string).trimEnd()
    if (line === '') continue
    const cells = line.split(',')
    const where = `${path} row ${index + 1}`
    const timeUs = microsFromText(cells[time] ?? '')
    if (timeUs === undefined)
      throw new TradingError('CANDLE_MALFORMED', `${where}: '${cells[time]}' is not a time`)
    const value = Number(cells[rate])
    if (!Number.isFinite(value) || cells[rate] === '' || Math.abs(value) > 0.5)
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${where}: funding rate '${cells[rate]}' is not a fraction of notional`,
      )
    const symbol = ((symbolColumn < 0 ? fileSymbol : cells[symbolColumn]) ?? '').replace('-', '')
    const table = rows.get(symbol) ?? { timeUs: [], rate: [] }
    rows.set(symbol, table)
    if (timeUs + shiftUs <= (table.timeUs.at(-1) ?? Number.NEGATIVE_INFINITY))
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${where}: ${symbol} is not after its row before; sort the file by time`,
      )
    table.timeUs.push(timeUs + shiftUs)
    table.rate.push(value)
  }
  return new Map(
    [...rows].map(([symbol, table]) => [
      symbol,
      { timeUs: Float64Array.from(table.timeUs), rate: Float64Array.from(table.rate) },
    ]),
  )
}

function columnOf(names: readonly string[], wanted: readonly string[], path: string): number {
  const at = names.findIndex((name) => wanted.includes(name))
  if (at >= 0) return at
  throw new TradingError(
    'CANDLE_MALFORMED',
    `${path} row 1: no column '${wanted[0]}'; it has ${names.join(', ')}`,
  )
}

/** @throws TradingError CANDLE_MALFORMED when the zone of text times is not known */
function zoneShiftUs(path: string): number {
  const venue = Object.keys(localHours).find((name) => basename(path).toLowerCase().includes(name))
  if (venue) return -(localHours[venue] ?? 0) * microsPerHour
  throw new TradingError(
    'CANDLE_MALFORMED',
    `${path}: its Date column has no time zone and the venue is not known; give a file with timestamps`,
  )
}

/**
 * The rates of one perpetual over its bars.
 *
 * @param waived - holes are allowed and told instead of thrown
 * @returns the rates, and the stretches without any
 * @throws TradingError FUNDING_MISSING when there is a hole and it is not waived
 */
export function fundingOver(
  funding: FundingBySymbol | undefined,
  span: { readonly symbol: string; readonly fromUs: number; readonly toUs: number },
  terms: { readonly path: string | undefined; readonly waived: boolean },
): { readonly funding: FundingColumns | undefined; readonly missingHours: number } {
  const { symbol, fromUs, toUs } = span
  const rates = funding?.get(symbol)
  const holes = rates ? fundingHoles(rates, fromUs, toUs) : [{ fromUs, toUs }]
  const [first] = holes
  if (first && !terms.waived)
    throw new TradingError(
      'FUNDING_MISSING',
      `${terms.path ?? symbol}: no funding rates of ${symbol} from ${textFromMicros(first.fromUs)} to ${textFromMicros(first.toUs)} UTC; give ${terms.path ? '--from/--to inside the rates' : '--funding FILE'}, or --waive-funding to leave it out`,
    )
  const missingUs = holes.reduce((sum, hole) => sum + hole.toUs - hole.fromUs, 0)
  return { funding: rates, missingHours: missingUs / microsPerHour }
}
