import { invariant } from '#shared/kernel/error.ts'
import type { TapeBlock } from './tape.ts'

/** A place in a row of blocks, by one of the two clocks. */
export type Cursor = {
  readonly clock: 'exchange' | 'receive'
  /** Blocks not yet passed. */
  readonly blocks: TapeBlock[]
  /** Frames of the first block that are done, in the order of this clock. */
  frame: number
}

/** Where the exchange and where we are. Blocks that both have passed are forgotten. */
export type BlockCursor = {
  readonly exchange: Cursor
  readonly local: Cursor
  lastExchangeUs: number
  lastReceiveUs: number
}

export const createBlockCursor = (): BlockCursor => ({
  exchange: { clock: 'exchange', blocks: [], frame: 0 },
  local: { clock: 'receive', blocks: [], frame: 0 },
  lastExchangeUs: Number.NEGATIVE_INFINITY,
  lastReceiveUs: Number.NEGATIVE_INFINITY,
})

export function pushBlock(cursor: BlockCursor, block: TapeBlock): void {
  const { exchangeTimeUs, receiveTimeUs, receiveOrder } = block
  invariant(exchangeTimeUs.length > 0, 'a tape block is empty')
  invariant(
    exchangeTimeUs[0]! >= cursor.lastExchangeUs,
    'a tape block starts before the last ended',
  )
  cursor.exchange.blocks.push(block)
  cursor.local.blocks.push(block)
  cursor.lastExchangeUs = exchangeTimeUs.at(-1)!
  cursor.lastReceiveUs = receiveTimeUs[receiveOrder?.at(-1) ?? receiveTimeUs.length - 1]!
}

/**
 * Hands over all frames up to and including `untilUs` by the cursor's clock, in runs of rows that lie together.
 *
 * @param run - gets a block, the range of its rows, and the first frame of the range
 */
export function runUntil(
  cursor: Cursor,
  untilUs: number,
  run: (block: TapeBlock, from: number, to: number, frame: number) => void,
): void {
  for (;;) {
    const block = cursor.blocks[0]
    if (!block) return
    const isReceive = cursor.clock === 'receive'
    if (isReceive && block.receiveOrder)
      runReordered(cursor, block, block.receiveOrder, untilUs, run)
    else {
      const times = isReceive ? block.receiveTimeUs : block.exchangeTimeUs
      const { frame } = cursor
      let end = frame
      while (end < times.length && times[end]! <= untilUs) end++
      if (end > frame) run(block, startOf(block, frame), block.frameEnds[end - 1]!, frame)
      cursor.frame = end
    }
    if (cursor.frame < block.frameEnds.length) return
    cursor.blocks.shift()
    cursor.frame = 0
  }
}

function runReordered(
  cursor: Cursor,
  block: TapeBlock,
  order: Int32Array,
  untilUs: number,
  run: (block: TapeBlock, from: number, to: number, frame: number) => void,
): void {
  const { receiveTimeUs, frameEnds } = block
  let at = cursor.frame
  while (at < order.length && receiveTimeUs[order[at]!]! <= untilUs) {
    const first = order[at]!
    let last = first
    at++
    // Frames that follow each other on both clocks make one run.
    while (at < order.length && order[at] === last + 1 && receiveTimeUs[last + 1]! <= untilUs) {
      last++
      at++
    }
    run(block, startOf(block, first), frameEnds[last]!, first)
  }
  cursor.frame = at
}

const startOf = ({ frameEnds }: TapeBlock, frame: number): number =>
  frame === 0 ? 0 : frameEnds[frame - 1]!
