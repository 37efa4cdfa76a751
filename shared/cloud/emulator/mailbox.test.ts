import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Timers } from '#shared/kernel/runtime.ts'
import { openMailbox, type StoredMessage } from './mailbox.ts'

/** Time that passes when it is told to. */
function scriptedTimers() {
  let nowUs = 0
  const due = new Map<number, { atUs: number; task: () => void }>()
  let next = 0
  const timers: Timers = {
    after(delayUs, task) {
      const id = next++
      due.set(id, { atUs: nowUs + delayUs, task })
      return () => due.delete(id)
    },
  }
  const pass = (seconds: number) => {
    nowUs += seconds * 1_000_000
    for (const [id, { atUs, task }] of [...due]) {
      if (atUs > nowUs) continue
      due.delete(id)
      task()
    }
  }
  return { timers, pass }
}

const message = (messageId: string, orderingKey = ''): StoredMessage => ({
  messageId,
  data: Buffer.from(messageId),
  attributes: {},
  orderingKey,
  publishTime: { seconds: 0, nanos: 0 },
})

function open({ isOrdered = false, attemptsMax = 0, backoffMs = 0 } = {}) {
  const { timers, pass } = scriptedTimers()
  const dead: [string, number][] = []
  const mailbox = openMailbox({
    isOrdered,
    ackDeadlineSeconds: 10,
    backoffMs,
    timers,
    onWaiting: () => {},
    ...(attemptsMax === 0
      ? {}
      : {
          deadLetter: {
            attemptsMax,
            forward: ({ messageId }: StoredMessage, attempts: number) =>
              void dead.push([messageId, attempts]),
          },
        }),
  })
  const takeIds = () => mailbox.take(100).map((delivery) => delivery.message.messageId)
  return { mailbox, pass, dead, takeIds }
}

describe('what a subscription owes its readers', () => {
  test('a lent message is not lent twice, and comes again after its deadline', () => {
    const { mailbox, pass, takeIds } = open()
    mailbox.put(message('a'))
    expect(takeIds()).toEqual(['a'])
    pass(9)
    expect(takeIds()).toEqual([])
    pass(1)
    expect(mailbox.take(1)).toMatchObject([{ attempt: 2, message: { messageId: 'a' } }])
  })

  test('an acknowledged message never comes again; a late answer is told to be late', () => {
    const { mailbox, pass, takeIds } = open()
    mailbox.put(message('a'))
    const [first] = mailbox.take(1)
    pass(10)
    const [second] = mailbox.take(1)
    expect(mailbox.acknowledge(first?.ackId ?? '')).toBe(false)
    expect(mailbox.acknowledge(second?.ackId ?? '')).toBe(true)
    pass(100)
    expect(takeIds()).toEqual([])
    expect(mailbox.counts()).toEqual({ waiting: 0, lent: 0 })
  })

  test('a deadline moves when it is asked to', () => {
    const { mailbox, pass, takeIds } = open()
    mailbox.put(message('a'))
    const [{ ackId } = { ackId: '' }] = mailbox.take(1)
    pass(9)
    mailbox.extend(ackId, 30)
    pass(29)
    expect(takeIds()).toEqual([])
    pass(1)
    expect(takeIds()).toEqual(['a'])
  })

  test('a message that nobody takes goes to the dead letters after so many attempts', () => {
    const { mailbox, dead, takeIds } = open({ attemptsMax: 5 })
    mailbox.put(message('poison'))
    mailbox.put(message('good'))
    for (let attempt = 0; attempt < 5; attempt++)
      for (const { ackId, message: taken } of mailbox.take(10))
        if (taken.messageId === 'poison') mailbox.extend(ackId, 0)
        else mailbox.acknowledge(ackId)
    expect(dead).toEqual([['poison', 5]])
    expect(takeIds()).toEqual([])
  })

  test('a message rests before it comes again, and holds up its key only', () => {
    const { mailbox, pass, takeIds } = open({ isOrdered: true, backoffMs: 1_000 })
    mailbox.put(message('a1', 'a'))
    const [{ ackId } = { ackId: '' }] = mailbox.take(1)
    mailbox.put(message('a2', 'a'))
    mailbox.put(message('b1', 'b'))
    mailbox.extend(ackId, 0)
    expect(takeIds()).toEqual(['b1'])
    pass(1)
    expect(takeIds()).toEqual(['a1', 'a2'])
  })

  test('after a refusal everything later of that key comes again, in order', () => {
    const { mailbox, takeIds } = open({ isOrdered: true })
    for (const id of ['a1', 'a2', 'a3']) mailbox.put(message(id, 'a'))
    const deliveries = mailbox.take(3)
    mailbox.extend(deliveries[1]?.ackId ?? '', 0)
    expect(mailbox.acknowledge(deliveries[2]?.ackId ?? '')).toBe(false)
    expect(mailbox.acknowledge(deliveries[0]?.ackId ?? '')).toBe(true)
    expect(takeIds()).toEqual(['a2', 'a3'])
  })

  test('whatever a reader does, every message is finished exactly once', () => {
    const actions = fc.array(fc.constantFrom('ack', 'nack', 'wait', 'forget'), { maxLength: 60 })
    const keys = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(keys, actions, (given, script) => {
        const { mailbox, pass } = open({ isOrdered: true })
        const finished: string[] = []
        const finish = (ackId: string, id: string) => {
          if (mailbox.acknowledge(ackId)) finished.push(id)
        }
        for (const [index, key] of given.entries()) mailbox.put(message(`${key}${index}`, key))
        for (const action of script) {
          const [delivery] = mailbox.take(1)
          if (delivery === undefined || action === 'forget') continue
          if (action === 'ack') finish(delivery.ackId, delivery.message.messageId)
          else if (action === 'nack') mailbox.extend(delivery.ackId, 0)
          else pass(11)
        }
        pass(11)
        for (const { ackId, message: left } of mailbox.take(100)) finish(ackId, left.messageId)
        expect([...finished].sort()).toEqual(given.map((key, index) => `${key}${index}`).sort())
      }),
    )
  })
})
