import type { TapeBlock } from './tape.ts'

/** Frames in the order of receipt, before they are packed. */
export type Frames = {
  readonly rows: number[]
  readonly ends: number[]
  readonly exchangeTimeUs: number[]
  readonly receiveTimeUs: number[]
}

/**
 * Frames that can be packed now: all of them happened before all that are left, and what is left spans `disorderUs`,
 * so that a late message still finds its place.
 *
 * @returns number of frames from the start; 0 when there is no such cut
 */
export function cutLength({ exchangeTimeUs }: Frames, disorderUs: number): number {
  const newestUs = exchangeTimeUs.reduce((max, time) => Math.max(max, time), -Infinity)
  // Earliest time in the rest, from the back; a cut is where nothing before it is later than that.
  const earliestFrom = new Float64Array(exchangeTimeUs.length + 1).fill(Number.POSITIVE_INFINITY)
  for (let frame = exchangeTimeUs.length - 1; frame >= 0; frame--)
    earliestFrom[frame] = Math.min(earliestFrom[frame + 1]!, exchangeTimeUs[frame]!)
  let latestUs = Number.NEGATIVE_INFINITY
  let cut = 0
  for (let frame = 0; frame < exchangeTimeUs.length; frame++) {
    latestUs = Math.max(latestUs, exchangeTimeUs[frame]!)
    if (newestUs - latestUs < disorderUs) break
    if (latestUs <= earliestFrom[frame + 1]!) cut = frame + 1
  }
  return cut
}

/** Sorts the first `frameCount` frames by the exchange's clock into a block; equal times keep the order of receipt. */
export function packFrames(
  frames: Frames,
  frameCount: number,
): { readonly block: TapeBlock; readonly rest: Frames } {
  const { rows, ends, exchangeTimeUs, receiveTimeUs } = frames
  const order = Array.from({ length: frameCount }, (_, frame) => frame)
  order.sort((a, b) => exchangeTimeUs[a]! - exchangeTimeUs[b]! || a - b)
  const rowEnd = ends[frameCount - 1]!
  const packed = {
    rows: new Int32Array(rowEnd),
    frameEnds: new Int32Array(frameCount),
    exchangeTimeUs: Float64Array.from(order, (frame) => exchangeTimeUs[frame]!),
    receiveTimeUs: Float64Array.from(order, (frame) => receiveTimeUs[frame]!),
  }
  const receiveOrder = new Int32Array(frameCount)
  let at = 0
  order.forEach((frame, place) => {
    for (let from = ends[frame - 1] ?? 0; from < ends[frame]!; from++)
      packed.rows[at++] = rows[from]!
    packed.frameEnds[place] = at
    receiveOrder[frame] = place
  })
  const isInOrder = order.every((frame, place) => frame === place)
  return {
    block: { ...packed, receiveOrder: isInOrder ? undefined : receiveOrder },
    rest: {
      rows: rows.slice(rowEnd),
      ends: ends.slice(frameCount).map((end) => end - rowEnd),
      exchangeTimeUs: exchangeTimeUs.slice(frameCount),
      receiveTimeUs: receiveTimeUs.slice(frameCount),
    },
  }
}
