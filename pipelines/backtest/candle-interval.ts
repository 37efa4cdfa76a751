import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { candleIntervals, candleIntervalUsOf } from '#shared/market/candle-interval.ts'

/** @throws TradingError OPTION_INVALID for a word the venues do not have */
export function intervalUsFromText(text: string): number {
  const found = candleIntervalUsOf(text)
  if (found !== undefined) return found
  const nearest = suggest(text, candleIntervals)
  throw new TradingError(
    'OPTION_INVALID',
    `--interval '${text}' is unknown; ${nearest ? `did you mean ${nearest}?` : `there are ${candleIntervals.join(', ')}`}`,
  )
}

/** Milliseconds, seconds or microseconds by their size, or `YYYY-MM-DD HH:MM:SS` in UTC; undefined for anything else. */
export function microsFromText(text: string): number | undefined {
  if (/^\d{10,16}$/.test(text)) {
    const count = Number(text)
    if (text.length >= 16) return count
    return text.length >= 13 ? count * 1_000 : count * 1_000_000
  }
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(?:Z|\+00:?00)?$/.exec(
    text,
  )
  if (!match) return undefined
  const [, day, time, fraction = ''] = match
  const whole = Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(whole)) return undefined
  return whole * 1_000 + Math.floor(Number(`0.${fraction || '0'}`) * 1e6)
}

/** `2025-10-10 21:00` in UTC, for messages. */
export const textFromMicros = (timeUs: number): string =>
  new Date(timeUs / 1_000).toISOString().slice(0, 16).replace('T', ' ')
