import { createRandom } from '#shared/kernel/random.ts'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'

const startUs = 1_700_000_000_000_000

/**
 * A made-up recording with everything that real ones have: deletes of the best, updates that run over the other side
 * before it is deleted, trades through several levels, messages that overtake each other, equal times, and a lost
 * book now and then.
 */
export function randomTape(seed: number, messages: number, midStart = 1_000): MarketEvent[] {
  const random = createRandom(seed)
  const events: MarketEvent[] = []
  let mid = midStart
  let eventTimeUs = startUs
  let receiveTimeUs = startUs
  let sequence = 1

  const clocks = () => {
    eventTimeUs += random.uniform() < 0.3 ? 0 : random.integer(40) * 1_000
    // Some messages come late, after ones that happened after them.
    const latencyUs = random.uniform() < 0.1 ? random.integer(60_000) : 500 + random.integer(3_000)
    receiveTimeUs = Math.max(receiveTimeUs, eventTimeUs + latencyUs)
    const early = random.uniform() < 0.1 ? random.integer(20) * 1_000 : 0
    return {
      instrumentId: 0,
      eventTimeUs: Math.max(startUs, eventTimeUs - early) as Micros,
      receiveTimeUs: receiveTimeUs as Micros,
    }
  }
  const level = (ticks: number): [number, number] => [
    Math.max(1, ticks),
    random.uniform() < 0.35 ? 0 : 1 + random.integer(30),
  ]
  const snapshot = () => {
    const bids = Array.from({ length: 15 }, (_, i) => [mid - 1 - i, 1 + random.integer(30)])
    const asks = Array.from({ length: 15 }, (_, i) => [mid + 1 + i, 1 + random.integer(30)])
    const levels = Int32Array.from([...bids, ...asks].flat())
    const counts = { levels, bidCount: 15, askCount: 15 }
    events.push({ kind: 'book-snapshot', ...clocks(), ...counts, sequence: sequence++ })
  }

  snapshot()
  for (let message = 0; message < messages; message++) {
    mid = Math.max(40, mid + random.integer(3) - 1)
    const draw = random.uniform()
    if (draw < 0.002) {
      events.push({ kind: 'book-lost', ...clocks(), reason: 'test' })
      snapshot()
    } else if (draw < 0.35) {
      const isBuy = random.uniform() < 0.5
      events.push({
        kind: 'trade',
        ...clocks(),
        tradeId: message,
        priceTicks: (mid + (isBuy ? 1 : -1) * random.integer(6)) as Ticks,
        sizeLots: (1 + random.integer(25)) as Lots,
        aggressor: isBuy ? 'buy' : 'sell',
      })
    } else {
      const bids = Array.from({ length: random.integer(5) }, () =>
        level(mid + 1 - random.integer(10)),
      )
      const asks = Array.from({ length: random.integer(5) }, () =>
        level(mid - 1 + random.integer(10)),
      )
      events.push({
        kind: 'book-delta',
        ...clocks(),
        ...{ sequenceFirst: sequence, sequence: sequence, sequencePrevious: sequence - 1 },
        ...{ bidCount: bids.length, askCount: asks.length },
        levels: Int32Array.from([...bids, ...asks].flat()),
      })
      sequence++
    }
  }
  return events
}
