import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'
import { createMarketStream } from '#shared/venue/aster/market-stream.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'

export type RecordOptions = {
  readonly runtime: Runtime
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
  /** Tape to write. */
  readonly out: string
  /** Undefined: until `stopped`. */
  readonly durationUs: number | undefined
  /** Resolves when the recording shall end before its time. */
  readonly stopped: Promise<void>
  readonly say: (line: string) => void
}

/**
 * Records books, trades and mark prices of one venue to a tape until the time is over.
 *
 * @returns events written
 * @throws TradingError SYMBOL_UNKNOWN, FILE_UNREADABLE, VENUE_UNREACHABLE
 */
export async function record(options: RecordOptions): Promise<number> {
  const { runtime, restUrl, streamUrl, symbols, out, durationUs, say } = options
  const venue = createAsterPublic(runtime, restUrl)
  const instruments = await findInstruments(venue, symbols)
  const writer = openTapeWriter(out, {
    version: 1,
    source: `recorded from ${streamUrl}`,
    instruments,
    attributes: { rest: restUrl, stream: streamUrl },
  })
  let count = 0
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const stream = createMarketStream({
    runtime,
    streamUrl,
    instruments,
    loadSnapshot: (symbol) => venue.depth(symbol),
    emit: (event) => {
      try {
        writer.append(event)
        count++
      } catch (error) {
        fail(error)
      }
    },
    onFault: (error) => say(`${error.code}: ${error.message}`),
  })
  const over = new Promise<void>((resolve) => {
    if (durationUs !== undefined) runtime.timers.after(durationUs, resolve)
  })
  stream.start()
  try {
    await Promise.race([over, options.stopped, failed])
  } finally {
    stream.stop()
    await writer.close()
  }
  return count
}

/** The listed instruments of these symbols. @throws TradingError SYMBOL_UNKNOWN with the nearest that is listed */
export async function findInstruments(
  venue: ReturnType<typeof createAsterPublic>,
  symbols: readonly string[],
): Promise<readonly Instrument[]> {
  const { listings } = await venue.exchangeInfo()
  return symbols.map((symbol, id) => {
    const listing = listings.find((candidate) => candidate.symbol === symbol)
    if (listing) return { ...listing, id, accountId: 0 }
    const closest = suggestSymbol(
      symbol,
      listings.map((candidate) => candidate.symbol),
    )
    throw new TradingError(
      'SYMBOL_UNKNOWN',
      `the venue does not list ${symbol}${closest ? `; did you mean ${closest}?` : ''}`,
    )
  })
}
