import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimedQueue, dequeue, enqueue } from './queue.ts'

test('things arrive in the order in which they were sent, and never before the one ahead of them', () => {
  const action = fc.oneof(fc.constant('take' as const), fc.integer({ min: 0, max: 1_000 }))
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
      const queue = createTimedQueue<number>()
      const model: { dueUs: number; item: number }[] = []
      let last = Number.NEGATIVE_INFINITY
      actions.forEach((each, item) => {
        if (each === 'take') {
          const first = model.shift()
          if (first) expect(dequeue(queue)).toBe(first.item)
        } else {
          last = Math.max(last, each)
          model.push({ dueUs: last, item })
          enqueue(queue, each, item)
        }
        expect(queue.size).toBe(model.length)
        expect(queue.headUs).toBe(model[0]?.dueUs ?? Number.POSITIVE_INFINITY)
      })
    }),
  )
})

test('a long queue grows without losing its order', () => {
  const queue = createTimedQueue<number>()
  for (let item = 0; item < 10; item++) enqueue(queue, item, item)
  for (let item = 0; item < 5; item++) dequeue(queue)
  for (let item = 10; item < 1_000; item++) enqueue(queue, item, item)
  for (let item = 5; item < 1_000; item++) {
    expect(queue.headUs).toBe(item)
    expect(dequeue(queue)).toBe(item)
  }
})
