import { describe, expect, it } from 'vitest'
import { specFor } from '#pipelines/backtest/strategy-spec.ts'
import { type Micros, microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createVectorState, updateVector, writeVector } from '#shared/signal/feature/vector.ts'
import { vectorWidth } from '#shared/signal/feature/vector-list.ts'
import { createGenerator } from '#shared/simulation/generator.ts'
import { listingOf, syntheticMarket } from '#shared/simulation/listing.ts'
import { createTraderFromSpec } from '#shared/trading/engine/spec.ts'
import { step } from '#shared/trading/engine/step.ts'
import { clearOutput, createOutput } from '#shared/trading/engine/trader.ts'
import { createSampler, type Sample } from './sampler.ts'

const startUs = 1_767_225_600_000_000 as Micros
const everyUs = microsPerSecond
const instrument: Instrument = { ...listingOf(syntheticMarket('BTCUSDT')), id: 0, accountId: 0 }

/** Three minutes, with the book lost after 80 s until the market shows it whole again. */
function inventedEvents(seed: number): readonly MarketEvent[] {
  const events: MarketEvent[] = []
  createGenerator({ seed, startUs, instruments: [instrument] }).advance(
    (startUs + 3 * microsPerMinute) as Micros,
    (event) => {
      events.push('levels' in event ? { ...event, levels: event.levels.slice() } : event)
    },
  )
  return events
}

function sampled(events: readonly MarketEvent[]): readonly Sample[] {
  const sampler = createSampler(instrument, everyUs)
  for (const event of events) sampler.receive(event)
  return sampler.samples
}

/** Vectors as the executor has them: books of the trader, every event through its step, timers in between. */
function live(events: readonly MarketEvent[]): ReadonlyMap<number, Float64Array> {
  const spec = specFor({
    strategy: 'glft',
    instruments: [instrument],
    equityQuote: 10_000,
    parameters: {},
  })
  const trader = createTraderFromSpec(spec, [instrument])
  const output = createOutput()
  const state = createVectorState(instrument)
  const out = new Float64Array(vectorWidth)
  const vectors = new Map<number, Float64Array>()
  let nextUs: number = startUs
  for (const event of events) {
    for (; nextUs < event.receiveTimeUs; nextUs += everyUs) {
      const timed = { eventTimeUs: nextUs as Micros, receiveTimeUs: nextUs as Micros }
      step(trader, { kind: 'timer', ...timed }, output)
      clearOutput(output)
      if (writeVector(state, nextUs, trader.books[0]!, out)) vectors.set(nextUs, out.slice())
    }
    step(trader, event, output)
    clearOutput(output)
    updateVector(state, event, trader.books[0]!)
  }
  return vectors
}

describe('sampling a market', () => {
  const events = inventedEvents(11)

  it('gives the vectors the executor would have had at those moments', () => {
    const lost: MarketEvent = {
      kind: 'book-lost',
      instrumentId: 0,
      eventTimeUs: (startUs + 170.5 * microsPerSecond) as Micros,
      receiveTimeUs: (startUs + 170.5 * microsPerSecond) as Micros,
      reason: 'scripted',
    }
    const broken = [...events, lost].sort((a, b) => a.receiveTimeUs - b.receiveTimeUs)
    const known = sampled(broken).filter(({ vector }) => vector !== undefined)
    expect(new Map(known.map(({ atUs, vector }) => [atUs, vector]))).toEqual(live(broken))
    expect(known.length).toBeGreaterThan(100)
    expect(known.at(-1)!.atUs).toBe(startUs + 170 * microsPerSecond)
  })

  it('does not know the future', () => {
    const cutUs = startUs + 100.25 * microsPerSecond
    const past = events.filter(({ receiveTimeUs }) => receiveTimeUs <= cutUs)
    const other = inventedEvents(12).filter(
      ({ kind, receiveTimeUs }) => kind === 'trade' && receiveTimeUs > cutUs,
    )
    const until = (samples: readonly Sample[]) => samples.filter(({ atUs }) => atUs <= cutUs)
    expect(until(sampled([...past, ...other]))).toEqual(until(sampled(events)))
  })

  it('starts a new segment after a silence, so that no label spans it', () => {
    const silent = events.filter(
      ({ receiveTimeUs }) =>
        receiveTimeUs < startUs + 90 * microsPerSecond ||
        receiveTimeUs > startUs + 110 * microsPerSecond,
    )
    // The chain of the book is broken there too: only trades come after.
    const after = silent.map((event) =>
      event.kind === 'book-delta' && event.receiveTimeUs > startUs + 90 * microsPerSecond
        ? { ...event, kind: 'book-snapshot' as const }
        : event,
    )
    const segments = sampled(after).map(({ segment }) => segment)
    expect(new Set(segments).size).toBe(2)
  })
})
