import { TradingError } from '#shared/kernel/error.ts'

/** Deeper nesting is no record of an action, and would end the process by its stack. */
export const jsonDepthMax = 64

/**
 * JSON with one spelling only: keys sorted, no spaces, as RFC 8785 writes it for the values used here. Two programs
 * that mean the same hash the same.
 *
 * @throws TradingError OPTION_INVALID when it is nested deeper than {@link jsonDepthMax}
 */
export const canonicalJson = (value: unknown): string => spell(value, jsonDepthMax)

function spell(value: unknown, depthLeft: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (depthLeft === 0)
    throw new TradingError('OPTION_INVALID', `JSON is nested deeper than ${jsonDepthMax} levels`)
  if (Array.isArray(value))
    return `[${value.map((item) => spell(item ?? null, depthLeft - 1)).join(',')}]`
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${spell(item, depthLeft - 1)}`)
  return `{${entries.join(',')}}`
}
