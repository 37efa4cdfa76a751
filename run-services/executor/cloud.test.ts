import { expect, test, vi } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import type { Venue } from '#shared/venue/venue.ts'
import { readExecutorConfig } from './config.ts'
import { fenceVenue } from './fence.ts'
import { bareKill } from './guard.ts'
import { openGuardRegister } from './guard-register.ts'

const whole = {
  ASTERAI_SYMBOLS: 'BTCUSDT',
  ASTERAI_STRATEGIES: 'glft,grid',
  ASTERAI_EQUITY: '500',
}
const live = { ...whole, ASTERAI_MODE: 'live', ASTERAI_ALLOW_LIVE: 'yes' }

test('a deployment trades on paper unless two variables say otherwise', () => {
  expect(readExecutorConfig(whole)).toMatchObject({
    mode: 'paper',
    equityQuote: 500,
    strategies: ['glft', 'grid'],
    takeoverWaitSeconds: 15,
    inference: undefined,
  })
  expect(readExecutorConfig({ ...whole, ASTERAI_ALLOW_LIVE: 'yes' }).mode).toBe('paper')
  expect(readExecutorConfig(live).mode).toBe('live')
})

test.each([
  [{ ...live, ASTERAI_ALLOW_LIVE: '' }, 'LIVE_NOT_ALLOWED', /^ASTERAI_ALLOW_LIVE is not set/],
  [{ ...live, ASTERAI_ALLOW_LIVE: 'true' }, 'CONFIG_INVALID', /^ASTERAI_ALLOW_LIVE cannot be used/],
  [{ ...whole, ASTERAI_MODE: 'real' }, 'CONFIG_INVALID', /^ASTERAI_MODE cannot be used/],
  [
    { ...whole, ASTERAI_STRATEGIES: 'gltf' },
    'CONFIG_INVALID',
    /'gltf' is no strategy, perhaps glft/,
  ],
  [{ ...whole, ASTERAI_EQUITY: '' }, 'CONFIG_INVALID', /^ASTERAI_EQUITY is not set; give equity/],
  [{ ...whole, ASTERAI_EQUITY: '12.5' }, 'CONFIG_INVALID', /^ASTERAI_EQUITY .*not a whole number/],
  [{ ...live, TAKEOVER_WAIT_SECONDS: '5' }, 'CONFIG_INVALID', /at least 15 s/],
  [{ ...whole, ASTER_REST_URL: 'fapi' }, 'CONFIG_INVALID', /^ASTER_REST_URL cannot be used/],
])('a configuration that is wrong is refused in one line: %#', (environment, code, line) => {
  expect(() => readExecutorConfig(environment)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(line) }),
  )
})

const clock: Clock = { nowUs: () => 5 as Micros }

test('behind the fence cancels go out and orders do not', () => {
  const sent: Intent[] = []
  const told: DomainEvent[] = []
  let mayWrite = true
  const venue = fenceVenue({ send: (intent: Intent) => sent.push(intent) } as unknown as Venue, {
    mayWrite: () => mayWrite,
    clock,
    emit: (event) => told.push(event),
  })
  const place = { kind: 'place', order: { clientOrderId: 'a' } } as Intent
  const cancel = { kind: 'cancel', instrumentId: 0, clientOrderId: 'a' } as Intent
  venue.send(place)
  mayWrite = false
  venue.send(place)
  venue.send(cancel)
  // The dead-man switch belongs to the next writer then.
  venue.send({ kind: 'arm-dead-man', instrumentId: 0, countdownMs: 0 } as Intent)
  expect(sent).toEqual([place, cancel])
  expect(told).toMatchObject([{ kind: 'order-refused', clientOrderId: 'a' }])
})

/** One register that several processes open; what was sent arrives when `arrive` says so, if calls are held. */
function guardWorld() {
  let stored: { text: string; version: string } | undefined
  let writes = 0
  let isDown = false
  const lost = new Set<string>()
  const late: (() => void)[] = []
  let isSlow = false
  const writeNow = (text: string, version: string | undefined) => {
    if (stored?.version !== version) return undefined
    writes += 1
    stored = { text, version: String(writes) }
    return stored.version
  }
  const paused: (() => void)[] = []
  const timers: Timers = {
    after: (_, task) => {
      paused.push(task)
      return () => {}
    },
  }
  const open = (name: string) =>
    openGuardRegister({
      register: {
        place: 'memory/guard.json',
        read: async () => stored,
        async write(text, version) {
          if (isDown) throw new TradingError('PLATFORM_UNREACHABLE', 'no answer')
          if (!isSlow) return writeNow(text, version)
          late.push(() => writeNow(text, version))
          throw new TradingError('PLATFORM_UNREACHABLE', 'no answer in 3000 ms')
        },
      },
      timers,
      mayWrite: () => !lost.has(name),
      report: () => {},
    })
  return {
    open,
    stored: () => stored && JSON.parse(stored.text),
    put: (text: string) => {
      stored = { text, version: 'by hand' }
    },
    down: (next: boolean) => {
      isDown = next
    },
    slow: (next: boolean) => {
      isSlow = next
    },
    arrive: () => {
      for (const write of late.splice(0)) write()
    },
    /** What waits for its time comes. */
    fire: () => {
      for (const task of paused.splice(0)) task()
    },
    lose: (name: string) => lost.add(name),
  }
}

const guardOf = (killedBecause: string | null) => ({
  killedBecause,
  dayStartUs: 1,
  dayStartEquityE8: '100',
  peakEquityE8: '120',
})

test('a kill is stored, and the next process finds it', async () => {
  const { open, stored } = guardWorld()
  const guard = open('first')
  await guard.load()
  expect(guard.read()).toBeUndefined()
  guard.write(guardOf(null))
  guard.write(guardOf('drawdown'))
  await guard.flush()
  expect(stored()).toEqual(guardOf('drawdown'))
  const next = open('second')
  await next.load()
  expect(next.read()).toEqual(guardOf('drawdown'))
})

test('a kill that could not be stored is an error, not silence', async () => {
  const { open, down } = guardWorld()
  const guard = open('first')
  await guard.load()
  down(true)
  guard.write(guardOf('drawdown'))
  await expect(guard.flush()).rejects.toThrow(/a kill may be forgotten: no answer/)
})

test('a kill that could not be stored is stored as soon as the platform is back', async () => {
  const { open, stored, down, fire } = guardWorld()
  const guard = open('first')
  await guard.load()
  down(true)
  guard.write(guardOf('drawdown'))
  await expect(guard.flush()).rejects.toThrow()
  down(false)
  await vi.waitFor(() => {
    fire()
    expect(stored()).toEqual(guardOf('drawdown'))
  })
})

test('a kill from before the session began outlives it, whatever the session writes', async () => {
  const { open, stored } = guardWorld()
  const guard = open('first')
  await guard.load()
  guard.keepKill('by ada')
  await guard.flush()
  expect(stored()).toEqual(bareKill('by ada'))
  guard.write(guardOf(null))
  await guard.flush()
  expect(stored()).toEqual(guardOf('by ada'))
  guard.confirm()
  guard.write(guardOf(null))
  await guard.flush()
  expect(stored()).toEqual(guardOf(null))
  guard.keepKill('again')
  await guard.flush()
  expect(stored()).toEqual(guardOf('again'))
})

test('a guard of any length is kept short enough, and a bare kill comes back', async () => {
  const { open } = guardWorld()
  const guard = open('first')
  guard.write(bareKill('x'.repeat(20_000)))
  await guard.flush()
  const next = open('second')
  await next.load()
  expect(next.read()).toEqual(bareKill('x'.repeat(500)))
})

test('a write that was given up and arrives late does not undo a kill', async () => {
  const { open, stored, slow, arrive } = guardWorld()
  const guard = open('first')
  await guard.load()
  slow(true)
  guard.write(guardOf(null))
  await expect(guard.flush()).rejects.toThrow(/no answer in 3000 ms/)
  slow(false)
  guard.write(guardOf('drawdown'))
  await guard.flush()
  arrive()
  expect(stored()).toEqual(guardOf('drawdown'))
})

test('a write that arrived although it was given up is written over', async () => {
  const { open, stored, slow, arrive } = guardWorld()
  const guard = open('first')
  await guard.load()
  slow(true)
  guard.write(guardOf(null))
  await expect(guard.flush()).rejects.toThrow(/no answer in 3000 ms/)
  arrive()
  slow(false)
  guard.write(guardOf('drawdown'))
  await guard.flush()
  expect(stored()).toEqual(guardOf('drawdown'))
})

test('what a former writer sent reaches its successor neither before nor after a first write', async () => {
  const { open, stored, slow, arrive, lose } = guardWorld()
  const former = open('former')
  await former.load()
  slow(true)
  former.write(guardOf('former'))
  await expect(former.flush()).rejects.toThrow(/no answer/)
  lose('former')
  const next = open('next')
  await next.load()
  slow(false)
  arrive()
  next.write(guardOf('next'))
  await next.flush()
  expect(stored()).toEqual(guardOf('next'))
  former.write(guardOf('former again'))
  await former.flush()
  expect(stored()).toEqual(guardOf('next'))
})

test('who stops being the writer while it writes leaves the guard of its successor alone', async () => {
  const { open, stored, put, lose } = guardWorld()
  const guard = open('first')
  await guard.load()
  put(JSON.stringify(guardOf('successor')))
  guard.write(guardOf('first'))
  lose('first')
  await guard.flush()
  expect(stored()).toEqual(guardOf('successor'))
})

test('who is no writer any more writes nothing', async () => {
  const { open, stored, lose } = guardWorld()
  const guard = open('first')
  lose('first')
  guard.write(guardOf('lost the lease'))
  await guard.flush()
  expect(stored()).toBeUndefined()
})

test('an unreadable guard may hide a kill, so it is refused with its place', async () => {
  const { open, put } = guardWorld()
  put('{"killedBecause":')
  await expect(open('first').load()).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('memory/guard.json cannot be read'),
  })
})
