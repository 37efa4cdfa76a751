import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import type { Venue } from '#shared/venue/venue.ts'
import { readExecutorConfig } from './config.ts'
import { fenceVenue } from './fence.ts'
import { openGuardBlob } from './guard-blob.ts'

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
  expect(sent).toEqual([place, cancel])
  expect(told).toMatchObject([{ kind: 'order-refused', clientOrderId: 'a' }])
})

function guardWorld() {
  const stored = new Map<string, string>()
  let isDown = false
  let mayWrite = true
  const paused: (() => void)[] = []
  const timers: Timers = {
    after: (_, task) => {
      paused.push(task)
      return () => {}
    },
  }
  const guard = openGuardBlob({
    blobs: {
      get: async (name) => {
        const text = stored.get(name)
        return text === undefined ? undefined : new TextEncoder().encode(text)
      },
      put: async (name, bytes) => {
        if (isDown) throw new TradingError('PLATFORM_UNREACHABLE', 'no answer')
        stored.set(name, new TextDecoder().decode(bytes))
      },
    },
    name: 'guard.json',
    timers,
    mayWrite: () => mayWrite,
    report: () => {},
  })
  return {
    guard,
    stored,
    down: (next: boolean) => {
      isDown = next
    },
    lose: () => {
      mayWrite = false
    },
  }
}

const guardOf = (killedBecause: string | null) => ({
  killedBecause,
  dayStartUs: 1,
  dayStartEquityE8: '100',
  peakEquityE8: '120',
})

test('a kill is stored, and the next process finds it', async () => {
  const { guard, stored } = guardWorld()
  await guard.load()
  expect(guard.read()).toBeUndefined()
  guard.write(guardOf(null))
  guard.write(guardOf('drawdown'))
  await guard.flush()
  expect(JSON.parse(stored.get('guard.json') ?? '')).toEqual(guardOf('drawdown'))
  await guard.load()
  expect(guard.read()).toEqual(guardOf('drawdown'))
})

test('a kill that could not be stored is an error, not silence', async () => {
  const { guard, down } = guardWorld()
  down(true)
  guard.write(guardOf('drawdown'))
  await expect(guard.flush()).rejects.toThrow(/a kill may be forgotten: no answer/)
})

test('who is no writer any more leaves the guard of its successor alone', async () => {
  const { guard, stored, lose } = guardWorld()
  lose()
  guard.write(guardOf('lost the lease'))
  await guard.flush()
  expect(stored.size).toBe(0)
})

test('an unreadable guard may hide a kill, so it is refused', async () => {
  const { guard, stored } = guardWorld()
  stored.set('guard.json', '{"killedBecause":')
  await expect(guard.load()).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
})
