import { invariant } from '#shared/kernel/error.ts'

/** Tasks by time; ties run in the order they were added. */
export type Timeline = {
  /** @returns a function that prevents the task while it has not run */
  add(atUs: number, task: () => void): () => void
  /** Time of the earliest task that is still wanted. */
  nextUs(): number | undefined
  /** Takes the earliest task out. */
  take(): () => void
}

type Entry = { readonly atUs: number; readonly order: number; task: (() => void) | undefined }

const isBefore = (a: Entry, b: Entry): boolean =>
  a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)

/** A binary heap; withdrawn tasks stay in it and are skipped when their time comes. */
export function createTimeline(): Timeline {
  const heap: Entry[] = []
  let order = 0

  function push(entry: Entry): void {
    let child = heap.length
    heap.push(entry)
    while (child > 0) {
      const parent = (child - 1) >> 1
      const above = heap[parent] as Entry
      if (!isBefore(entry, above)) break
      heap[child] = above
      child = parent
    }
    heap[child] = entry
  }

  function pop(): Entry | undefined {
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= heap.length) break
      const right = child + 1
      if (right < heap.length && isBefore(heap[right] as Entry, heap[child] as Entry)) child = right
      if (!isBefore(heap[child] as Entry, last)) break
      heap[parent] = heap[child] as Entry
      parent = child
    }
    heap[parent] = last
    return top
  }

  function skipWithdrawn(): void {
    while (heap[0] && !heap[0].task) pop()
  }

  return {
    add: (atUs, task) => {
      const entry: Entry = { atUs, order: order++, task }
      push(entry)
      return () => {
        entry.task = undefined
      }
    },
    nextUs: () => {
      skipWithdrawn()
      return heap[0]?.atUs
    },
    take: () => {
      skipWithdrawn()
      const task = pop()?.task
      invariant(task !== undefined, 'a task was taken from an empty timeline')
      return task
    },
  }
}
