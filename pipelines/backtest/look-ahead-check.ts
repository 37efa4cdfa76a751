import {
  detectLookAhead,
  type IndexedDecision,
  type LookAheadVerdict,
} from '#shared/analytics/look-ahead.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Backtest } from '#shared/simulation/backtest/backtest.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { eventsOf, openBacktest, type PreparedBacktest } from './tick.ts'

/** The detector holds the tape in memory; a longer one is refused. */
const eventsMax = 2_000_000

/**
 * Cuts off the tape's future at several places, runs again and compares what was asked for before the cut.
 *
 * @param eventCount - events that the backtest itself used
 * @throws TradingError OPTION_INVALID when the tape is too long to be held in memory
 */
export async function checkLookAhead(
  prepared: PreparedBacktest,
  eventCount: number,
): Promise<LookAheadVerdict> {
  if (eventCount > eventsMax)
    throw new TradingError(
      'OPTION_INVALID',
      `the look-ahead check holds the tape in memory and takes ${eventsMax} events at most, there are ${eventCount}; use --no-check-lookahead`,
    )
  const events: MarketEvent[] = []
  for await (const { event } of eventsOf(prepared)) {
    if (events.length === eventCount) break
    events.push(event)
  }
  return detectInTape(events, (known, onIntent) =>
    openBacktest(prepared, known[0]!.eventTimeUs, onIntent),
  )
}

/**
 * The detector for any way of making a backtest.
 *
 * @param open - starts afresh in a world that holds `known` and nothing else
 */
export const detectInTape = (
  events: readonly MarketEvent[],
  open: (
    known: readonly MarketEvent[],
    onIntent: (intent: Intent, madeUs: number) => void,
  ) => Backtest,
): LookAheadVerdict =>
  detectLookAhead({
    length: events.length,
    run: (untilIndex) => {
      const decisions: IndexedDecision[] = []
      let index = -1
      const known = events.slice(0, untilIndex)
      const backtest = open(known, (intent, madeUs) => {
        decisions.push({ index, decision: `${madeUs} ${JSON.stringify(intent)}` })
      })
      let clockUs = 0
      known.forEach((event, at) => {
        clockUs = Math.max(clockUs, event.eventTimeUs)
        backtest.market(event)
        // What is decided from here on knows this event.
        index = at
      })
      // Whatever is decided before the next event happens belongs to this side of the cut.
      const next = events[untilIndex]
      backtest.advance(next ? Math.max(clockUs, next.eventTimeUs) : clockUs + 1)
      return decisions
    },
  })
