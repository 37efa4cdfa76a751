import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { AccountEvent, DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { applyMarketEvent } from '../exchange.ts'
import type { Execution } from '../order.ts'
import { constantLatency } from './latency.ts'
import { createTimedQueue, dequeue, type TimedQueue } from './queue.ts'
import { createVenueSide } from './venue-side.ts'

/** What a trader asked for, and when that reached the venue. */
export type ArrivedIntent = { readonly intent: Intent; readonly arrivalUs: number }

/** Carries out what was once asked for against a market, whatever comes of it: nobody decides anything here. */
export type Refill = {
  /** The next event of the market; everything that arrived before it is carried out first. */
  market(event: MarketEvent): void
  /** Fills of all orders, oldest first. */
  readonly executions: readonly Execution[]
}

const none = constantLatency({ feedUs: 0, entryUs: 0, responseUs: 0 })

/** @param options.intents - in the order of their arrival */
export function createRefill(options: {
  readonly instruments: readonly Instrument[]
  readonly walletsE8: readonly QuoteE8[]
  readonly startUs: Micros
  readonly intents: readonly ArrivedIntent[]
}): Refill {
  const { instruments, intents, startUs, walletsE8 } = options
  const executions: Execution[] = []
  const responses = createTimedQueue<AccountEvent>()
  const feed = createTimedQueue<DomainEvent>()
  const venue = createVenueSide({
    instruments,
    walletsE8,
    startUs,
    latency: none,
    responses,
    feed,
    onOrder: ({ execution }) => {
      if (execution) executions.push(execution)
    },
  })
  const { exchange } = venue
  let next = 0
  const forget = () => {
    for (const unheard of [responses, feed])
      while (unheard.size > 0) dequeue<unknown>(unheard as TimedQueue<unknown>)
  }

  return {
    executions,
    market(event) {
      const atUs = Math.max(event.eventTimeUs, exchange.state.nowUs) as Micros
      for (; next < intents.length && intents[next]!.arrivalUs < atUs; next++) {
        const { arrivalUs, intent } = intents[next]!
        exchange.advance(Math.max(arrivalUs, exchange.state.nowUs) as Micros)
        venue.carryOut(intent)
      }
      exchange.advance((atUs - 1) as Micros)
      exchange.state.nowUs = atUs
      if (event.kind === 'mark-price') {
        exchange.advance(atUs)
        venue.noteMark(event)
      }
      applyMarketEvent(exchange.state, event)
      forget()
    },
  }
}
