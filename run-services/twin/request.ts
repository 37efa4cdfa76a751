import { lotsFromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import { mandatory, venueRefusal } from './refusal.ts'

export type Params = ReadonlyMap<string, string>

/** Splits a request into its path and its parameters; every parameter may be there once. */
export function readParams(query: string, body: string): Params {
  const params = new Map<string, string>()
  for (const text of [query, body]) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (params.has(name)) throw venueRefusal(-1101, `Duplicate values for parameter '${name}'.`)
      params.set(name, value)
    }
  }
  return params
}

export function required(params: Params, name: string): string {
  const value = params.get(name)
  if (!value) throw mandatory(name)
  return value
}

export function optionalInteger(params: Params, name: string): number | undefined {
  const text = params.get(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value))
    throw venueRefusal(-1102, `Parameter '${name}' is malformed.`)
  return value
}

export function integerOf(params: Params, name: string): number {
  const value = optionalInteger(params, name)
  if (value === undefined) throw mandatory(name)
  return value
}

export function limitOf(params: Params, most: number, usual: number): number {
  const limit = optionalInteger(params, 'limit') ?? usual
  if (limit < 1) throw venueRefusal(-1130, "Data sent for parameter 'limit' is not valid.")
  return Math.min(limit, most)
}

export function sideOf(text: string): Side {
  if (text === 'BUY') return 'buy'
  if (text === 'SELL') return 'sell'
  throw venueRefusal(-1117, 'Invalid side.')
}

export function flagOf(params: Params, name: string): boolean {
  const text = params.get(name)?.toLowerCase()
  if (text === undefined || text === 'false') return false
  if (text === 'true') return true
  throw venueRefusal(-1102, `Parameter '${name}' is malformed.`)
}

const decimalPattern = /^\d+(\.\d+)?$/

/** @throws TradingError VENUE_REFUSED -4014 between two ticks */
export function priceOf(params: Params, instrument: Instrument, name = 'price'): Ticks {
  const text = required(params, name)
  if (!decimalPattern.test(text)) throw mandatory(name)
  try {
    return ticksFromDecimal(text, instrument.priceGrid)
  } catch (cause) {
    const refusal = venueRefusal(-4014, 'Price not increased by tick size.')
    throw Object.assign(refusal, { cause })
  }
}

/** @throws TradingError VENUE_REFUSED -4023 between two steps */
export function sizeOf(params: Params, instrument: Instrument): Lots {
  const text = required(params, 'quantity')
  if (!decimalPattern.test(text)) throw mandatory('quantity')
  try {
    return lotsFromDecimal(text, instrument.sizeGrid)
  } catch (cause) {
    const refusal = venueRefusal(-4023, 'Qty not increased by step size.')
    throw Object.assign(refusal, { cause })
  }
}

/** A JSON array in one parameter. @throws TradingError VENUE_REFUSED -1130, -1100 when it has too many elements */
export function jsonListOf(params: Params, name: string, most: number): readonly unknown[] {
  let value: unknown
  try {
    value = JSON.parse(required(params, name))
  } catch (cause) {
    throw Object.assign(venueRefusal(-1130, `Parameter '${name}' is not JSON.`), { cause })
  }
  if (!Array.isArray(value)) throw venueRefusal(-1130, `Parameter '${name}' is not a list.`)
  if (value.length < 1 || value.length > most)
    throw venueRefusal(-1100, `Illegal size of parameter '${name}'; legal range is '1 to ${most}'.`)
  return value
}

/** Parameters of one element of a batch. */
export function paramsOfItem(item: unknown): Params {
  if (typeof item !== 'object' || item === null) throw venueRefusal(-1130, 'Batch item malformed.')
  return new Map(Object.entries(item).map(([name, value]) => [name, String(value)]))
}
