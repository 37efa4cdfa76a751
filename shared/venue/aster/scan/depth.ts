import type { Instrument } from '#shared/market/instrument.ts'
import { levelsScanned, scanLevels } from './levels.ts'
import { scanInteger } from './number.ts'

/** Where a depth scan leaves its numbers; reused from frame to frame. */
export type DepthScan = {
  /** Bids first, then asks, `[ticks, lots]` pairs. */
  levels: Int32Array
  bidCount: number
  askCount: number
  /** See {@link depthSlot}. */
  readonly numbers: Float64Array
}

/** Positions in `DepthScan.numbers`. Times are venue milliseconds. */
export const depthSlot = {
  eventTimeMs: 0,
  transactionTimeMs: 1,
  sequenceFirst: 2,
  sequence: 3,
  sequencePrevious: 4,
} as const

export const createDepthScan = (): DepthScan => ({
  levels: new Int32Array(8_192),
  bidCount: 0,
  askCount: 0,
  numbers: new Float64Array(5),
})

/** Shortest level on the wire is `["0","0"],`. */
const levelBytesMin = 10

const byte = (text: string): number => text.charCodeAt(0)
const quote = byte('"')
const colon = byte(':')
const comma = byte(',')
const brace = byte('}')

const allFields = 0b1111_1111

/**
 * Reads one depth payload `{"e":"depthUpdate",…}` into `out`.
 *
 * Every field is checked as it passes; fields may come in any order as long as `b` is before `a`. Anything else
 * (white space, unknown or missing fields, off-grid or very long numbers) is left to the slow path.
 *
 * @param from - position of the opening brace
 * @param to - position after the closing brace
 * @returns false when the slow path must read the frame; `out` is then undefined
 */
export function scanDepth(
  bytes: Uint8Array,
  from: number,
  to: number,
  instrument: Instrument,
  symbol: Uint8Array,
  out: DepthScan,
): boolean {
  if (to > bytes.length || bytes[to - 1] !== brace) return false
  // The whole frame may be levels: room is made once, before the loop that may not allocate.
  const levelsMax = Math.ceil((to - from) / levelBytesMin)
  if (out.levels.length < 2 * levelsMax) out.levels = new Int32Array(4 * levelsMax)

  const numbers = out.numbers
  let seen = 0
  let at = from
  while (at < to - 1) {
    // One field: `,"k":value` (the first has the brace instead of the comma).
    if (bytes[at + 1] !== quote) return false
    const key = bytes[at + 2] as number
    let field = 0
    if (bytes[at + 3] === quote && bytes[at + 4] === colon) {
      at += 5
      if (key === 69 /* E */) {
        field = 1
        at = scanInteger(bytes, at, numbers, depthSlot.eventTimeMs)
      } else if (key === 84 /* T */) {
        field = 2
        at = scanInteger(bytes, at, numbers, depthSlot.transactionTimeMs)
      } else if (key === 85 /* U */) {
        field = 4
        at = scanInteger(bytes, at, numbers, depthSlot.sequenceFirst)
      } else if (key === 117 /* u */) {
        field = 8
        at = scanInteger(bytes, at, numbers, depthSlot.sequence)
      } else if (key === 98 /* b */) {
        field = 16
        at = scanLevels(bytes, at, instrument.priceGrid, instrument.sizeGrid, out.levels, 0)
        out.bidCount = levelsScanned
      } else if (key === 97 /* a */) {
        field = 32
        if ((seen & 16) === 0) return false
        const start = 2 * out.bidCount
        at = scanLevels(bytes, at, instrument.priceGrid, instrument.sizeGrid, out.levels, start)
        out.askCount = levelsScanned
      } else if (key === 115 /* s */) {
        field = 64
        at = skipText(bytes, at, symbol)
      } else if (key === 101 /* e */) {
        at = skipText(bytes, at, depthUpdate)
        if (at < 0) return false
        if (bytes[at] !== comma) return false
        continue
      } else return false
    } else if (key === 112 && bytes[at + 3] === 117 /* pu */) {
      if (bytes[at + 4] !== quote || bytes[at + 5] !== colon) return false
      field = 128
      at = scanInteger(bytes, at + 6, numbers, depthSlot.sequencePrevious)
    } else return false
    if (at < 0 || (seen & field) !== 0) return false
    seen |= field
    if (bytes[at] !== comma && at !== to - 1) return false
  }
  return seen === allFields && at === to - 1
}

const depthUpdate = new TextEncoder().encode('depthUpdate')

/** `"text"` exactly. */
export function skipText(bytes: Uint8Array, from: number, text: Uint8Array): number {
  if (bytes[from] !== quote) return -1
  const length = text.length
  let at = from + 1
  for (let i = 0; i < length; i++, at++) if (bytes[at] !== text[i]) return -1
  return bytes[at] === quote ? at + 1 : -1
}
