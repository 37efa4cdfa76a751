/**
 * Things on their way, in the order in which they were sent. A connection delivers in order, so a later message never
 * overtakes an earlier one: it arrives with it at the earliest. That is why no heap is needed.
 */
export type TimedQueue<Item> = {
  /** Arrival of the first one, in µs; Infinity when nothing is on its way. */
  headUs: number
  /** Arrival of the last one that was ever sent. */
  lastUs: number
  size: number
  head: number
  times: Float64Array
  items: (Item | undefined)[]
}

const capacityFirst = 64

export const createTimedQueue = <Item>(): TimedQueue<Item> => ({
  headUs: Number.POSITIVE_INFINITY,
  lastUs: Number.NEGATIVE_INFINITY,
  size: 0,
  head: 0,
  times: new Float64Array(capacityFirst),
  items: new Array<Item | undefined>(capacityFirst).fill(undefined),
})

/** When something sent to arrive at `timeUs` really arrives: not before what was sent earlier. */
export const arrivalUs = <Item>(queue: TimedQueue<Item>, timeUs: number): number =>
  Math.max(timeUs, queue.lastUs)

/** Sends an item that arrives at `timeUs`, or with the one before it when that is later. */
export function enqueue<Item>(queue: TimedQueue<Item>, timeUs: number, item: Item): void {
  if (queue.size === queue.times.length) grow(queue)
  const at = (queue.head + queue.size) & (queue.times.length - 1)
  const dueUs = arrivalUs(queue, timeUs)
  queue.times[at] = dueUs
  queue.items[at] = item
  queue.lastUs = dueUs
  if (queue.size === 0) queue.headUs = dueUs
  queue.size++
}

/** Takes the first item; there must be one. */
export function dequeue<Item>(queue: TimedQueue<Item>): Item {
  const { head, items, times } = queue
  const item = items[head] as Item
  items[head] = undefined
  queue.head = (head + 1) & (times.length - 1)
  queue.size--
  queue.headUs = queue.size === 0 ? Number.POSITIVE_INFINITY : times[queue.head]!
  return item
}

function grow<Item>(queue: TimedQueue<Item>): void {
  const { head, items, size, times } = queue
  const larger = new Float64Array(2 * size)
  const moved = new Array<Item | undefined>(2 * size).fill(undefined)
  for (let index = 0; index < size; index++) {
    const from = (head + index) & (size - 1)
    larger[index] = times[from]!
    moved[index] = items[from]
  }
  queue.times = larger
  queue.items = moved
  queue.head = 0
}
