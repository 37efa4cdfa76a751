import { invalidOption } from './command-line.ts'
import type { PullKind } from './pull-source.ts'

/** One file to be made: a symbol, a kind, a stretch of calendar. */
export type PullPart = {
  readonly symbol: string
  /** From the folder of the pull. */
  readonly path: string
  readonly fromMs: number
  readonly toMs: number
}

const day = 86_400_000

/** `2025-01-31` or `2025-01-31T12:00` in UTC. @throws TradingError OPTION_INVALID */
export function readDate(name: string, text: string): number {
  const match = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$/.test(text)
  const ms = match ? Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`) : Number.NaN
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10))
    throw invalidOption(
      `--${name} '${text}' is not a date; write 2025-01-31 or 2025-01-31T12:00 (UTC)`,
    )
  return ms
}

/** Calendar pieces of a range: months, or days for trades, which a month of would be lost with the process. */
export function planParts(pull: {
  readonly venue: string
  readonly kind: Exclude<PullKind, 'exchange-info'>
  readonly interval: string | undefined
  readonly symbols: readonly string[]
  readonly fromMs: number
  readonly toMs: number
}): readonly PullPart[] {
  const { venue, kind, interval, symbols, fromMs, toMs } = pull
  const folder = `${venue}/${kind}${interval === undefined ? '' : `_${interval}`}`
  const next = kind === 'trades' ? nextDay : nextMonth
  const nameLength = kind === 'trades' ? 10 : 7
  return symbols.flatMap((symbol) => {
    const parts: PullPart[] = []
    for (let start = fromMs; start < toMs; ) {
      const end = Math.min(toMs, next(start))
      const name = new Date(start).toISOString().slice(0, nameLength)
      const stem = interval === undefined ? symbol : `${symbol}_${interval}`
      parts.push({ symbol, path: `${folder}/${stem}_${name}.parquet`, fromMs: start, toMs: end })
      start = end
    }
    return parts
  })
}

const nextDay = (ms: number): number => Math.floor(ms / day) * day + day

const nextMonth = (ms: number): number => {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
