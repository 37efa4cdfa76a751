import { invariant } from '#shared/kernel/error.ts'

/** What a strategy decided, as text that two runs can compare. */
export type IndexedDecision = {
  /** Event or bar after which it was decided. */
  readonly index: number
  /** The decision itself: every order, price and size, in a stable order. */
  readonly decision: string
}

/** A strategy to be tried: what it decides when the world ends before `untilIndex`. */
export type LookAheadTrial = {
  /** Events or bars there are. */
  readonly length: number
  /** Must be a pure function: runs from a fresh start over events `0 … untilIndex − 1`. */
  readonly run: (untilIndex: number) => readonly IndexedDecision[]
  /** How often the future is cut off; 16 unless told. */
  readonly cutsMax?: number
}

/** What cutting off the future showed. */
export type LookAheadVerdict =
  | { readonly verdict: 'clean'; readonly cuts: number; readonly decisions: number }
  | {
      readonly verdict: 'caught'
      /** Where the first decision differs; it saw something at or after `cutIndex`. */
      readonly index: number
      readonly cutIndex: number
      /** Decided with the future in reach; undefined when nothing was. */
      readonly full: string | undefined
      /** Decided without it. */
      readonly truncated: string | undefined
    }
  | { readonly verdict: 'nothing-decided' }

/**
 * Looks for look-ahead: cuts off the future, runs again and compares what was decided before the cut.
 *
 * Half of the cuts fall right after a decision, where peeking one step ahead cannot hide; the others are evenly spread
 * and find decisions that were left out because of the future. A strategy that peeks only rarely may pass: more cuts
 * find more.
 *
 * @returns `caught` with the earliest decision that differs
 */
export function detectLookAhead({ length, run, cutsMax = 16 }: LookAheadTrial): LookAheadVerdict {
  invariant(cutsMax >= 1, 'at least one cut')
  const full = run(length)
  let decisions = full.length
  let earliest: Extract<LookAheadVerdict, { verdict: 'caught' }> | undefined
  const cuts = cutIndices(length, full, cutsMax)
  for (const cutIndex of cuts) {
    const truncated = run(cutIndex)
    decisions = Math.max(decisions, truncated.length)
    const before = full.filter(({ index }) => index < cutIndex)
    const found = firstDifference(before, truncated)
    if (found && (!earliest || found.index < earliest.index))
      earliest = { verdict: 'caught', cutIndex, ...found }
  }
  if (earliest) return earliest
  return decisions === 0 || cuts.length === 0
    ? { verdict: 'nothing-decided' }
    : { verdict: 'clean', cuts: cuts.length, decisions }
}

function cutIndices(
  length: number,
  decided: readonly IndexedDecision[],
  cutsMax: number,
): readonly number[] {
  const afterDecision = decided.map(({ index }) => index + 1).filter((index) => index < length)
  const half = Math.ceil(cutsMax / 2)
  const chosen = new Set(
    spread(half).map((at) => afterDecision[Math.floor(at * afterDecision.length)]),
  )
  for (const at of spread(cutsMax)) {
    if (chosen.size >= cutsMax) break
    chosen.add(Math.max(1, Math.floor(at * length)))
  }
  return [...chosen]
    .filter((index) => index !== undefined)
    .filter((index) => index > 0 && index < length)
    .sort((a, b) => a - b)
}

/** `count` numbers evenly inside (0, 1). */
const spread = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => (index + 0.5) / count)

function firstDifference(
  full: readonly IndexedDecision[],
  truncated: readonly IndexedDecision[],
): { index: number; full: string | undefined; truncated: string | undefined } | undefined {
  for (let at = 0; at < Math.max(full.length, truncated.length); at++) {
    const one = full[at]
    const other = truncated[at]
    if (one && other && one.index === other.index && one.decision === other.decision) continue
    const index = Math.min(
      one?.index ?? Number.POSITIVE_INFINITY,
      other?.index ?? Number.POSITIVE_INFINITY,
    )
    return {
      index,
      full: one?.index === index ? one.decision : undefined,
      truncated: other?.index === index ? other.decision : undefined,
    }
  }
  return undefined
}
