import {
  bestAskTicks,
  bestBidTicks,
  clearLadder,
  createLadder,
  hasBothSides,
  type Ladder,
  storeLevel,
  storePlain,
} from './ladder.ts'
import { clearCode } from './tape.ts'

/** The market as we have received it: one book for all variants, and how deep trades reached since the last step. */
export type LocalSide = {
  readonly ladder: Ladder
  /** Twice the mid of the last step; undefined before one with both sides. */
  stepHalfTicks: number | undefined
  /** Largest depth of a trade from the step's mid, in half ticks; −∞ without trades. */
  deepestHalfTicks: number
}

export const createLocalSide = (): LocalSide => ({
  ladder: createLadder(),
  stepHalfTicks: undefined,
  deepestHalfTicks: Number.NEGATIVE_INFINITY,
})

/** Twice the mid in ticks; undefined while a side is missing. */
export const midHalfTicks = ({ ladder }: LocalSide): number | undefined =>
  hasBothSides(ladder) ? bestBidTicks(ladder) + bestAskTicks(ladder) : undefined

/** Applies rows: `from` and `to` are indices in `rows`, at frame borders. */
export function runLocalRows(local: LocalSide, rows: Int32Array, from: number, to: number): void {
  const { ladder } = local
  let at = storePlain(ladder, rows, from, to)
  while (at < to) {
    // Trades come in bursts.
    do {
      const code = rows[at]!
      if (code >= 0) storeLevel(ladder, code, rows[at + 1]!)
      else if (code === clearCode) clearLadder(ladder)
      else onTrade(local, ~code)
      at += 2
    } while (at < to && rows[at]! < 0)
    at = storePlain(ladder, rows, at, to)
  }
}

function onTrade(local: LocalSide, tradeCode: number): void {
  if (local.stepHalfTicks === undefined) return
  const fromMid = (tradeCode & ~1) - local.stepHalfTicks
  const depth = (tradeCode & 1) === 0 ? fromMid : -fromMid
  if (depth > local.deepestHalfTicks) local.deepestHalfTicks = depth
}

/** Starts the next step from the present mid. @returns depth of the step that ends, in half ticks; −∞ without trades */
export function closeStep(local: LocalSide): number {
  const deepest = local.deepestHalfTicks
  local.deepestHalfTicks = Number.NEGATIVE_INFINITY
  local.stepHalfTicks = midHalfTicks(local)
  return deepest
}
