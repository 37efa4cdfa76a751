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
