import type { Span } from '#shared/cloud/query/day-report.ts'
import type { ProfitPoint, ProfitRow } from '#shared/cloud/query/profit.ts'
import { decimalFromQuoteE8, quoteFromE8 } from '#shared/kernel/decimal.ts'
import { microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import { isoSeconds } from '../function-call.ts'

export const partNames = ['pnl', 'spread', 'price', 'fees', 'funding'] as const

/** `pnl = spread + price − fees + funding`, in 1e-8 USDT. */
export type PartsE8 = Readonly<Record<(typeof partNames)[number], bigint>>

/** What a strategy, or `total`, of a run gained within a span. */
export type Profit = {
  readonly runId: string
  readonly strategy: string
  /** Of its last row of the span. */
  readonly equityE8: bigint
  readonly parts: PartsE8
}

export type ProfitOfSpan = {
  readonly profit: readonly Profit[]
  /** Sum over runs; undefined when there are no rows. */
  readonly total: PartsE8 | undefined
  /** `[seconds since 1970, P&L of the run since the span began in USDT]` by run. */
  readonly lines: Readonly<Record<string, readonly (readonly [number, number])[]>>
  /** When nothing was recorded; the P&L of that time is in no figure unless the same session went on. */
  readonly gaps: readonly string[]
}

/** One process on one account, from taking over to its end. */
type Session = {
  readonly runId: string
  readonly epoch: number
  readonly firstUs: number
  readonly lastUs: number
  readonly equityFirstE8: bigint
  readonly equityLastE8: bigint
  readonly isOlder: boolean
  readonly byStrategy: ReadonlyMap<string, { readonly partsE8: PartsE8; readonly last: ProfitRow }>
  /** Its P&L when the span, or the session, began. */
  readonly pnlBeforeE8: bigint
}

/** Rows come once a second; a shorter silence is none. */
const silenceUsMax = 5 * microsPerMinute
const zeroE8: PartsE8 = { pnl: 0n, spread: 0n, price: 0n, fees: 0n, funding: 0n }

/**
 * P&L of a span out of rows that count from the start of a session.
 *
 * Each session gained what its last row of the span says, less its last row before the span. One that began within the
 * span loses its first row instead: at its start it holds the open loss or gain of a position that it took over, which
 * the session before has counted. So the days of a session add up to its P&L wherever midnight falls.
 *
 * @param ends - as `profitEndsQuery` gives them
 * @param knownUntilUs - the end of the span, or when it was asked for if that is earlier
 */
export function profitOfSpan(
  ends: readonly ProfitRow[],
  points: readonly ProfitPoint[],
  { span, knownUntilUs }: { readonly span: Span; readonly knownUntilUs: number },
): ProfitOfSpan {
  const sessions = [...Map.groupBy(ends, ({ runId, epoch }) => `${runId} ${epoch}`).values()]
    .map((rows) => sessionFrom(rows, span.fromUs))
    .sort((a, b) => a.firstUs - b.firstUs)
  const profit = profitByRun(sessions)
  const totals = profit.filter(({ strategy }) => strategy === 'total')
  return {
    profit,
    total:
      totals.length === 0
        ? undefined
        : totals.reduce((sum, { parts }) => eachPart((name) => sum[name] + parts[name]), zeroE8),
    lines: linesOf(sessions, points),
    gaps: gapsOf(sessions, span.fromUs, knownUntilUs),
  }
}

function sessionFrom(rows: readonly ProfitRow[], fromUs: number): Session {
  const isWithin = ({ recordedAtUs }: ProfitRow) => recordedAtUs >= fromUs
  const within = rows.filter(isWithin)
  const isOlder = within.length < rows.length
  const firstUs = Math.min(...within.map(({ recordedAtUs }) => recordedAtUs))
  const byStrategy = new Map<string, { partsE8: PartsE8; before: PartsE8; last: ProfitRow }>()
  for (const [strategy, own] of Map.groupBy(rows, (row) => row.strategy)) {
    const earliest = own[0]!
    const last = own.at(-1)!
    // A strategy that turns up later than its session had nothing before.
    const isBaseline = !isWithin(earliest) || (!isOlder && earliest.recordedAtUs === firstUs)
    const before = isBaseline ? partsOf(earliest) : zeroE8
    const after = partsOf(last)
    byStrategy.set(strategy, {
      partsE8: eachPart((name) => after[name] - before[name]),
      before,
      last,
    })
  }
  const totals = within.filter(({ strategy }) => strategy === 'total')
  const { runId, epoch } = rows[0]!
  return {
    runId,
    epoch,
    firstUs,
    lastUs: Math.max(...within.map(({ recordedAtUs }) => recordedAtUs)),
    equityFirstE8: (totals[0] ?? within[0]!).equityE8,
    equityLastE8: (totals.at(-1) ?? within.at(-1)!).equityE8,
    isOlder,
    byStrategy,
    pnlBeforeE8: byStrategy.get('total')?.before.pnl ?? 0n,
  }
}

/** A run whose process was started again has several sessions; people see one run. */
function profitByRun(sessions: readonly Session[]): readonly Profit[] {
  const byName = new Map<string, Profit>()
  for (const { runId, byStrategy } of sessions)
    for (const [strategy, { partsE8, last }] of byStrategy) {
      const name = `${runId} ${strategy}`
      const sum = byName.get(name)?.parts ?? zeroE8
      byName.set(name, {
        runId,
        strategy,
        equityE8: last.equityE8,
        parts: eachPart((part) => sum[part] + partsE8[part]),
      })
    }
  return [...byName.values()]
}

function linesOf(
  sessions: readonly Session[],
  points: readonly ProfitPoint[],
): ProfitOfSpan['lines'] {
  const lines: Record<string, (readonly [number, number])[]> = {}
  const gainedE8 = new Map<string, bigint>()
  for (const { runId, epoch, pnlBeforeE8, byStrategy } of sessions) {
    const shiftE8 = (gainedE8.get(runId) ?? 0n) - pnlBeforeE8
    gainedE8.set(runId, (gainedE8.get(runId) ?? 0n) + (byStrategy.get('total')?.partsE8.pnl ?? 0n))
    lines[runId] ??= []
    for (const point of points)
      if (point.runId === runId && point.epoch === epoch)
        lines[runId].push([
          point.recordedAtUs / microsPerSecond,
          point.pnlQuote + quoteFromE8(shiftE8),
        ])
  }
  return lines
}

function gapsOf(
  sessions: readonly Session[],
  fromUs: number,
  knownUntilUs: number,
): readonly string[] {
  const [first] = sessions
  if (!first) return []
  /** Of the sessions that began so far, the one that recorded longest. */
  let before = first
  const between: string[] = []
  for (const next of sessions) {
    if (next.firstUs > before.lastUs)
      between.push(
        `Nothing was recorded from ${isoSeconds(before.lastUs)} to ${isoSeconds(next.firstUs)}, between ${nameOf(before)} and ${nameOf(next)}: equity was ${decimalFromQuoteE8(before.equityLastE8)} before and ${decimalFromQuoteE8(next.equityFirstE8)} after. That difference is in no P&L.`,
      )
    if (next.lastUs > before.lastUs) before = next
  }
  const { lastUs } = before
  return [
    ...(first.isOlder || first.firstUs - fromUs <= silenceUsMax
      ? []
      : [`No equity was recorded before ${isoSeconds(first.firstUs)}.`]),
    ...between,
    ...(knownUntilUs - lastUs <= silenceUsMax
      ? []
      : [
          `No equity was recorded after ${isoSeconds(lastUs)}: the executor did not trade, or its rows are late; publish-report for this day once more counts them.`,
        ]),
  ]
}

const nameOf = ({ runId, epoch }: Session): string => `${runId} (epoch ${epoch})`

const eachPart = (of: (name: (typeof partNames)[number]) => bigint): PartsE8 => ({
  pnl: of('pnl'),
  spread: of('spread'),
  price: of('price'),
  fees: of('fees'),
  funding: of('funding'),
})

const partsOf = ({ pnlE8, spreadE8, priceE8, feesE8, fundingE8 }: ProfitRow): PartsE8 => ({
  pnl: pnlE8,
  spread: spreadE8,
  price: priceE8,
  fees: feesE8,
  funding: fundingE8,
})
