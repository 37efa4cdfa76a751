import type { Instrument } from '#shared/market/instrument.ts'
import { skipText } from './depth.ts'
import { scanDecimal, scanInteger } from './number.ts'

/** Where a trade scan leaves its numbers; reused from frame to frame. */
export type TradeScan = {
  /** Price in ticks, size in lots. */
  readonly steps: Int32Array
  /** See {@link tradeSlot}. */
  readonly numbers: Float64Array
  /** The resting order was the buyer's, so the aggressor sold. */
  buyerIsMaker: boolean
}

/** Positions in `TradeScan.numbers`. Times are venue milliseconds. */
export const tradeSlot = { tradeTimeMs: 0, tradeId: 1, eventTimeMs: 2, unused: 3 } as const

export const createTradeScan = (): TradeScan => ({
  steps: new Int32Array(2),
  numbers: new Float64Array(4),
  buyerIsMaker: false,
})

const quote = 34
const colon = 58
const comma = 44
const brace = 125

const encoder = new TextEncoder()
const yes = encoder.encode('true')
const no = encoder.encode('false')
const market = encoder.encode('MARKET')
const eventName = { trade: encoder.encode('trade'), 'agg-trade': encoder.encode('aggTrade') }
const required = 0b1111_1111

/**
 * Reads one `trade` or `aggTrade` payload into `out`; the id of an aggregate is its aggregate id `a`.
 *
 * @param from - position of the opening brace
 * @param to - position after the closing brace
 * @returns false when the slow path must read the frame; `out` is then undefined
 */
export function scanTrade(
  bytes: Uint8Array,
  from: number,
  to: number,
  kind: 'trade' | 'agg-trade',
  instrument: Instrument,
  symbol: Uint8Array,
  out: TradeScan,
): boolean {
  if (to > bytes.length || bytes[to - 1] !== brace) return false
  const { numbers, steps } = out
  const idKey = kind === 'trade' ? 116 /* t */ : 97 /* a */
  let seen = 0
  let at = from
  while (at < to - 1) {
    if (bytes[at + 1] !== quote || bytes[at + 3] !== quote || bytes[at + 4] !== colon) return false
    const key = bytes[at + 2] as number
    at += 5
    let field = 0
    if (key === 101 /* e */) {
      field = 1
      at = skipText(bytes, at, eventName[kind])
    } else if (key === 69 /* E */) {
      field = 2
      at = scanInteger(bytes, at, numbers, tradeSlot.eventTimeMs)
    } else if (key === 84 /* T */) {
      field = 4
      at = scanInteger(bytes, at, numbers, tradeSlot.tradeTimeMs)
    } else if (key === 115 /* s */) {
      field = 8
      at = skipText(bytes, at, symbol)
    } else if (key === idKey) {
      field = 16
      at = scanInteger(bytes, at, numbers, tradeSlot.tradeId)
    } else if (key === 112 /* p */) {
      field = 32
      at = scanDecimal(bytes, at, instrument.priceGrid, steps, 0)
    } else if (key === 113 /* q */) {
      field = 64
      at = scanDecimal(bytes, at, instrument.sizeGrid, steps, 1)
    } else if (key === 109 /* m */) {
      field = 128
      out.buyerIsMaker = bytes[at] === yes[0]
      at = skipWord(bytes, at, out.buyerIsMaker ? yes : no)
    } else if (key === 88 /* X */) {
      field = 256
      at = skipText(bytes, at, market)
    } else if (kind === 'agg-trade' && (key === 102 /* f */ || key === 108) /* l */) {
      field = key === 102 ? 512 : 1024
      at = scanInteger(bytes, at, numbers, tradeSlot.unused)
    } else return false
    if (at < 0 || (seen & field) !== 0) return false
    seen |= field
    if (bytes[at] !== comma && at !== to - 1) return false
  }
  return (seen & required) === required && at === to - 1
}

function skipWord(bytes: Uint8Array, from: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return -1
  return from + word.length
}
