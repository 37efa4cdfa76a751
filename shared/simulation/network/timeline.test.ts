import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimeline } from './timeline.ts'

test('tasks come out by time, ties in the order they were added, withdrawn ones never', () => {
  const entry = fc.record({ atUs: fc.integer({ min: 0, max: 20 }), isWithdrawn: fc.boolean() })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 80 }), (entries) => {
      const timeline = createTimeline()
      const ran: number[] = []
      entries.forEach(({ atUs, isWithdrawn }, index) => {
        const withdraw = timeline.add(atUs, () => ran.push(index))
        if (isWithdrawn) withdraw()
      })
      while (timeline.nextUs() !== undefined) timeline.take()()
      const expected = entries
        .map((e, index) => ({ ...e, index }))
        .filter((e) => !e.isWithdrawn)
        .sort((a, b) => a.atUs - b.atUs || a.index - b.index)
        .map((e) => e.index)
      expect(ran).toEqual(expected)
    }),
  )
})

test('taking from an empty timeline is a broken invariant', () => {
  expect(() => createTimeline().take()).toThrow('empty timeline')
})
