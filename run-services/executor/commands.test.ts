import { expect, test } from 'vitest'
import type { Message } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { obeyCommands } from './commands.ts'

function world() {
  const given: string[] = []
  const reasons: string[] = []
  const logged: string[] = []
  const kept: string[] = []
  const limits: object[] = []
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
      command: (command, reason) => {
        given.push(command)
        reasons.push(reason)
      },
      changeLimits: (changed) => {
        given.push('limits')
        limits.push(changed)
      },
    },
    keepKill: (reason) => kept.push(reason),
    begun: begun.promise,
    mayWrite: () => isWriter,
    store: () => stored.promise,
    log: (line) => logged.push(line),
  })
  return {
    given,
    reasons,
    logged,
    kept,
    limits,
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
    publish: (message: Message) => Promise.resolve(receive(message)),
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

test('a kill is obeyed at once and taken when it is stored', async () => {
  const { say, given, kept, begun, stored } = world()
  const kill = say('kill', 101)
  expect(given).toEqual(['kill'])
  expect(await isTaken(kill)).toBe(false)
  begun.resolve()
  expect(await isTaken(kill)).toBe(false)
  stored.resolve()
  expect(await isTaken(kill)).toBe(true)
  expect(kept).toHaveLength(1)
  await say('kill', 102)
  expect(kept).toHaveLength(1)
})

test('a kill that is heard before trading begins is kept and taken, also when it never begins', async () => {
  const { say, kept, begun, stored } = world()
  stored.resolve()
  await say('kill', 101)
  const flatten = say('flatten', 102)
  expect(kept).toEqual(['test', 'test'])
  begun.reject(new Error('no book'))
  await expect(flatten).rejects.toThrow('no book')
})

test('a resume waits until trading begins, and a kill stays with the platform when it cannot be stored', async () => {
  const unopened = world()
  const early = unopened.say('resume', 101)
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

test('a stop is obeyed however badly it is written; what lets trading go on must be whole', async () => {
  const { given, reasons, logged, begun, stored, publish, at } = world()
  begun.resolve()
  stored.resolve()
  await publish({ command: 'kill' })
  await publish({ command: 'kill', reason: null, by: 'ada', at: 'yesterday' })
  expect(given).toEqual(['kill', 'kill'])
  expect(reasons).toEqual(['no reason was given', 'no reason was given'])
  at(1_000)
  await publish({ command: 'resume', reason: 'no time', by: 'ada' })
  await publish({ command: 'resume', reason: 'a text', by: 'ada', at: '2000' })
  await publish({ command: 'kil', reason: 'misspelled', by: 'ada', at: 2_000 })
  await publish({
    command: 'limits',
    reason: 'x',
    by: 'ada',
    at: 2_000,
    limits: { leverageMax: -1 },
  })
  await publish({ command: 'limits', reason: 'x', by: 'ada', at: 2_000, limits: { leverage: 1 } })
  await publish({ command: 'limits', reason: 'x', by: 'ada', at: 2_000 })
  await publish({})
  expect(given).toEqual(['kill', 'kill'])
  expect(logged.filter((line) => line.includes('cannot be obeyed'))).toHaveLength(7)
  await publish({
    command: 'limits',
    reason: 'x',
    by: 'ada',
    at: 2_000,
    limits: { leverageMax: 2 },
  })
  await publish({ command: 'resume', reason: 'whole', by: 'ada', at: 2_000 })
  expect(given).toEqual(['kill', 'kill', 'limits', 'resume'])
})

test('a flatten that waited for two minutes does not trade, it kills', async () => {
  const { given, begun, stored, say, publish, at } = world()
  begun.resolve()
  stored.resolve()
  at(120_000_100)
  await say('flatten', 100)
  await say('flatten', 99)
  await publish({ command: 'flatten' })
  expect(given).toEqual(['flatten', 'kill', 'kill'])
})

test('a resume that is delivered twice does not lift what was killed in between without a command', async () => {
  const { given, begun, stored, say } = world()
  begun.resolve()
  stored.resolve()
  await say('resume', 200)
  await say('resume', 200)
  expect(given).toEqual(['resume'])
})

test('of limits the newest hold, whatever order they come in', async () => {
  const { limits, logged, begun, stored, publish } = world()
  begun.resolve()
  stored.resolve()
  const by = { command: 'limits', reason: 'x', by: 'ada' }
  await publish({ ...by, at: 120, limits: { leverageMax: 1 } })
  await publish({ ...by, at: 110, limits: { leverageMax: 5, dailyLossRatioMax: 0.1 } })
  await publish({ ...by, at: 115, limits: { leverageMax: 4 } })
  await publish({ ...by, at: 130, limits: { leverageMax: 2 } })
  expect(limits).toEqual([{ leverageMax: 1 }, { dailyLossRatioMax: 0.1 }, { leverageMax: 2 }])
  expect(logged.filter((line) => line.includes('newer limits hold'))).toHaveLength(1)
})

test('the kills of a long silence are carried out once, and again after a resume or a flatten', async () => {
  const { given, begun, stored, say, at } = world()
  begun.resolve()
  stored.resolve()
  at(1_000)
  for (let sent = 1; sent < 500; sent++) await say('kill', sent)
  expect(given).toEqual(['kill'])
  await say('kill', 1_001)
  await say('resume', 1_002)
  await say('kill', 900)
  await say('flatten', 1_003)
  await say('kill', 999)
  expect(given).toEqual(['kill', 'kill', 'resume', 'kill', 'flatten', 'kill'])
})

test('a reason of any length fits into what is kept', async () => {
  const { reasons, begun, stored, publish } = world()
  begun.resolve()
  stored.resolve()
  await publish({ command: 'kill', reason: '📉'.repeat(5_000) })
  expect(reasons[0]!.length).toBeLessThanOrEqual(500)
  expect(reasons[0]!.isWellFormed()).toBe(true)
})
