import type { PlayedMarket } from '#services/twin/upstream-market.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { createFeed, type FedSource } from '#shared/simulation/feed.ts'

const pumpEveryUs = 50 * microsPerMilli
const eventsPerTurn = 2_000

/**
 * A recorded market. Its first event happens when the twin starts.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_*, SYMBOL_UNKNOWN
 */
export async function openTapeMarket(
  paths: readonly string[],
  symbols: readonly string[] | undefined,
  runtime: Runtime,
): Promise<PlayedMarket> {
  const tape = await openTape(paths)
  const { header, events } = tape
  const held = header.instruments.map(({ symbol }) => symbol)
  for (const symbol of symbols ?? [])
    if (!held.includes(symbol))
      throw new TradingError(
        'SYMBOL_UNKNOWN',
        `the tape does not hold ${symbol}; it holds ${held.join(', ')}`,
      )
  const instruments = header.instruments.filter(
    ({ symbol, accountId }) => accountId === 0 && (!symbols || symbols.includes(symbol)),
  )
  const feed = createFeed({
    instrumentIds: new Map(instruments.map(({ id }, place) => [id, place])),
    startUs: runtime.clock.nowUs(),
  })
  const reader = events[Symbol.asyncIterator]()
  // Read ahead before anything is promised: an unreadable recording is refused here, not in the middle of a run.
  const first = await readSome(reader, feed, eventsPerTurn)

  let isClosed = false
  return {
    listings: instruments.map(({ id: _id, accountId: _account, ...listing }) => listing),
    createSources: () => [feed],
    begin(onEnd) {
      let isRead = first
      const pump = async (): Promise<void> => {
        while (!isClosed && !isRead && !feed.isFull)
          isRead = await readSome(reader, feed, eventsPerTurn)
        if (isClosed) return
        if (isRead && feed.nextTimeUs() === undefined)
          return onEnd(tape.endedEarly() ? cutShort(paths) : undefined)
        runtime.timers.after(pumpEveryUs, () => {
          pump().catch(onEnd)
        })
      }
      pump().catch(onEnd)
    },
    close() {
      isClosed = true
    },
  }
}

const cutShort = (paths: readonly string[]): Error =>
  new TradingError(
    'TAPE_MALFORMED',
    `${paths.join(', ')} breaks off: the recording was cut short, and what follows is missing`,
  )

/** @returns true at the end of the recording */
async function readSome(
  reader: AsyncIterator<DomainEvent>,
  feed: FedSource,
  count: number,
): Promise<boolean> {
  for (let read = 0; read < count; read++) {
    const { done, value } = await reader.next()
    if (done) return true
    feed.push(value)
  }
  return false
}
