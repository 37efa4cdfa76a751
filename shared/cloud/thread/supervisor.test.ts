import { expect, test } from 'vitest'
import { type SupervisorListener, startThread } from './supervisor.ts'

/** A thread body small enough to write here; it imports the protocol like every real one. */
const bodyOf = (text: string): URL => {
  const protocol = new URL('./body.ts', import.meta.url).href
  return new URL(
    `data:text/javascript,${encodeURIComponent(`import { runThread } from ${JSON.stringify(protocol)}\n${text}`)}`,
  )
}

function listen() {
  const told: string[] = []
  const lost = Promise.withResolvers<string>()
  const restarted = Promise.withResolvers<void>()
  const listener: SupervisorListener = {
    onStatus(service, state, detail) {
      told.push(`${service} ${state}${detail ? `: ${detail}` : ''}`)
      if (state === 'restarted') restarted.resolve()
    },
    onLog: () => {},
    onNotice: () => {},
    onLost: (_, error) => lost.resolve(error.message),
  }
  return { listener, told, lost: lost.promise, restarted: restarted.promise }
}

const well = `await runThread(async (given) => ({ payload: given.word, stop: async () => given.word + ' ended' }))`

test('a thread hands over what it has at the start and at the end', async () => {
  const { listener, told } = listen()
  const thread = startThread(
    { name: 'twin', file: bodyOf(well), given: { word: 'hello' }, restartsMax: 0 },
    listener,
  )
  expect(await thread.ready).toBe('hello')
  expect(await thread.stop()).toBe('hello ended')
  expect(told).toEqual(['twin starting', 'twin running', 'twin stopping', 'twin stopped'])
})

test('a thread that dies is started again, and the supervisor says so', async () => {
  const { listener, told, restarted } = listen()
  const thread = startThread(
    { name: 'executor', file: bodyOf(well), given: { word: 'x' }, restartsMax: 1 },
    listener,
  )
  await thread.ready
  await thread.crash()
  await restarted
  expect(told).toContain('executor restarted: executor died without a word; start 1 of 1')
  expect(await thread.stop()).toBe('x ended')
})

test('a thread that may not be restarted ends the run', async () => {
  const { listener, lost } = listen()
  const thread = startThread(
    { name: 'twin', file: bodyOf(well), given: { word: 'x' }, restartsMax: 0 },
    listener,
  )
  await thread.ready
  await thread.crash()
  expect(await lost).toMatch(/died without a word/)
})

test('a thread that cannot start says why, with the code of the fault', async () => {
  const { listener } = listen()
  const error = new URL('../../kernel/error.ts', import.meta.url).href
  const file = bodyOf(
    `import { TradingError } from ${JSON.stringify(error)}
     await runThread(async () => { throw new TradingError('PORT_TAKEN', 'port 1 is taken') })`,
  )
  const thread = startThread({ name: 'console', file, given: {}, restartsMax: 3 }, listener)
  await expect(thread.ready).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: 'port 1 is taken',
  })
})
