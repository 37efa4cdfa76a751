import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { groupTapes, isMarketEvent, isSyntheticTape } from '#pipelines/backtest/tape-set.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMinute } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'
import { createGenerator } from '#shared/simulation/generator.ts'
import { listingOf, syntheticMarket } from '#shared/simulation/listing.ts'
import { createSampler, type Sample } from './sampler.ts'

/** Where rows come from, as the data set tells it. */
export type DatasetSource = {
  readonly path: string
  /** `null` for a market that was made up on the spot: its path says how to make it again. */
  readonly sha256: string | null
  readonly events: number
  readonly isInvented: boolean
}

/** All samples of one market. */
export type MarketSamples = {
  readonly symbol: string
  readonly samples: readonly Sample[]
  readonly source: DatasetSource
}

/** 2026-01-01 00:00 UTC: an invented market knows no today. */
const inventedStartUs = 1_767_225_600_000_000 as Micros

/**
 * Samples the markets of tapes, raw captures or folders of runs. Files of the same markets follow one another.
 *
 * @param options.symbols - undefined for all
 * @param options.onProgress - called with the bytes read so far and in all
 * @throws TradingError FILE_UNREADABLE, TAPE_*, SYMBOL_UNKNOWN; TAPE_FUTURE for events after `nowUs`
 */
export async function sampleTapes(options: {
  readonly paths: readonly string[]
  readonly symbols: readonly string[] | undefined
  readonly everyUs: number
  readonly nowUs: number
  readonly onProgress?: (done: number, total: number) => void
}): Promise<readonly MarketSamples[]> {
  const paths = options.paths.map(tapeOf)
  const groups = await groupTapes(paths)
  const held = groups.flatMap(({ header }) => header.instruments.map(({ symbol }) => symbol))
  for (const symbol of options.symbols ?? [])
    if (!held.includes(symbol)) throw unknownSymbol(symbol, held)
  const total = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  let done = 0
  const markets: MarketSamples[] = []
  for (const { header, paths: files } of groups) {
    const samplers = header.instruments.map((instrument) =>
      options.symbols?.includes(instrument.symbol) === false
        ? undefined
        : createSampler(instrument, options.everyUs),
    )
    if (samplers.every((sampler) => sampler === undefined)) continue
    const events = header.instruments.map(() => 0)
    const { batches } = await openTape(files, {
      onProgress: (bytes) => {
        done += bytes
        options.onProgress?.(done, total)
      },
    })
    for await (const batch of batches)
      for (const event of batch) {
        if (!isMarketEvent(event)) continue
        if (event.receiveTimeUs > options.nowUs) throw fromFuture(files, event.receiveTimeUs)
        samplers[event.instrumentId]?.receive(event)
        events[event.instrumentId]!++
      }
    const sha256 = await hashOf(files)
    for (const [index, { symbol }] of header.instruments.entries()) {
      const sampler = samplers[index]
      if (!sampler) continue
      const path = files.join(' + ')
      const source = { path, sha256, events: events[index]!, isInvented: isSyntheticTape(header) }
      markets.push({ symbol, samples: sampler.samples, source })
    }
  }
  return markets
}

/**
 * Makes up a market for each symbol and samples it. Same seed, same samples.
 *
 * @throws TradingError SYMBOL_UNKNOWN when it cannot be made up
 */
export function sampleInvented(options: {
  readonly seed: number
  readonly symbols: readonly string[]
  readonly minutes: number
  readonly everyUs: number
  readonly onProgress?: (done: number, total: number) => void
}): readonly MarketSamples[] {
  const { everyUs, minutes, seed, symbols } = options
  const instruments: Instrument[] = symbols.map((symbol, id) => ({
    ...listingOf(syntheticMarket(symbol)),
    id,
    accountId: 0,
  }))
  const samplers = instruments.map((instrument) => createSampler(instrument, everyUs))
  const events = instruments.map(() => 0)
  const market = createGenerator({ seed, startUs: inventedStartUs, instruments })
  for (let minute = 1; minute <= minutes; minute++) {
    market.advance((inventedStartUs + minute * microsPerMinute) as Micros, (event) => {
      samplers[event.instrumentId]!.receive(event)
      events[event.instrumentId]!++
    })
    options.onProgress?.(minute, minutes)
  }
  return instruments.map(({ symbol }, index) => ({
    symbol,
    samples: samplers[index]!.samples,
    source: {
      path: `invented ${symbol}, seed ${seed}, ${minutes} min`,
      sha256: null,
      events: events[index]!,
      isInvented: true,
    },
  }))
}

/** A folder of a run stands for the tape in it. */
function tapeOf(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? join(path, 'tape.arrow') : path
}

function unknownSymbol(symbol: string, held: readonly string[]): TradingError {
  const nearest = suggestSymbol(symbol, held)
  return new TradingError(
    'SYMBOL_UNKNOWN',
    `no tape holds ${symbol}; ${nearest ? `did you mean ${nearest}?` : `they hold ${held.join(', ')}`}`,
  )
}

const fromFuture = (files: readonly string[], timeUs: number): TradingError =>
  new TradingError(
    'TAPE_FUTURE',
    `${files.join(' + ')}: an event is stamped ${new Date(timeUs / 1_000).toISOString()}, which is still to come; check the recorder's clock and the unit of its times`,
  )

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
