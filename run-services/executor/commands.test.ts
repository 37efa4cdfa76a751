import { expect, test } from 'vitest'
import type { Message } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { obeyCommands } from './commands.ts'

function world() {
  const given: string[] = []
  let nowUs = 100
  let isWriter = true
  let receive: (message: Message) => unknown = () => {}
  const begun = Promise.withResolvers<void>()
  begun.promise.catch(() => {})
  const stored = Promise.withResolvers<void>()
  stored.promise.catch(() => {})
  const stop = obeyCommands({
    bus: {
      subscribe: (_, listener) => {
        receive = listener
        return () => given.push('unsubscribed')
      },
    },
    clock: { nowUs: () => nowUs as Micros },
    executor: {
      command: (command) => given.push(command),
      changeLimits: () => given.push('limits'),
    },
    begun: begun.promise,
    mayWrite: () => isWriter,
    store: () => stored.promise,
    log: () => {},
  })
  return {
    given,
    begun,
    stored,
    stop,
    at: (us: number) => {
      nowUs = us
    },
    lose: () => {
      isWriter = false
    },
    say: (command: string, at: number) =>
      Promise.resolve(receive({ command, at, by: 'ada', reason: 'test' } as Message)),
  }
}

/** Whether a delivery has been taken by now. */
const isTaken = async (delivery: Promise<unknown>): Promise<boolean> => {
  let taken = false
  void delivery.then(
    () => {
      taken = true
    },
    () => {},
  )
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return taken
}

test('a kill is obeyed at once and taken when trading has begun and it is stored', async () => {
  const { say, given, begun, stored } = world()
  const kill = say('kill', 101)
  expect(given).toEqual(['kill'])
  expect(await isTaken(kill)).toBe(false)
  begun.resolve()
  expect(await isTaken(kill)).toBe(false)
  stored.resolve()
  expect(await isTaken(kill)).toBe(true)
})

test('a kill stays with the platform when trading never begins or it cannot be stored', async () => {
  const unopened = world()
  const early = unopened.say('kill', 101)
  unopened.begun.reject(new Error('no book'))
  await expect(early).rejects.toThrow('no book')

  const unstored = world()
  unstored.begun.resolve()
  const kill = unstored.say('kill', 101)
  unstored.stored.reject(new Error('no answer'))
  await expect(kill).rejects.toThrow('no answer')
})

test('who is no writer any more leaves commands to the next, also when it was lost meanwhile', async () => {
  const before = world()
  before.lose()
  await expect(before.say('kill', 101)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(before.given).toEqual([])

  const meanwhile = world()
  meanwhile.begun.resolve()
  const kill = meanwhile.say('kill', 101)
  meanwhile.lose()
  meanwhile.stored.resolve()
  await expect(kill).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('a resume that comes again after a kill, or from before the take-over, lifts nothing', async () => {
  const { say, given, begun, stored, at } = world()
  begun.resolve()
  stored.resolve()
  await say('resume', 99)
  expect(given).toEqual([])
  at(200)
  // Scheduled functions date a kill by their schedule: it counts from when it arrived.
  await say('kill', 150)
  await say('resume', 180)
  await say('resume', 210)
  at(300)
  await say('kill', 300)
  await say('resume', 210)
  expect(given).toEqual(['kill', 'resume', 'kill'])
})
