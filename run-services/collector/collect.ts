import type { LiquidationMessage } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import type { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createMarketStream, streamsOf } from '#shared/venue/aster/market-stream.ts'
import type { AsterPublic } from '#shared/venue/aster/public.ts'
import type { Liquidation } from '#shared/venue/aster/scan/liquidation.ts'
import { measureStreams } from './measure.ts'

export type CollectOptions = {
  readonly runtime: Runtime
  readonly venue: Pick<AsterPublic, 'depth'>
  readonly streamUrl: string
  readonly instruments: readonly Instrument[]
  /** Whose market it is, as the rows name it: `aster`. */
  readonly source: string
  readonly bus: Bus
  readonly metrics: Metrics
  /** Sees every event, for a tape; valid only during the call. */
  readonly append?: (event: DomainEvent) => void
  readonly onFault: (error: TradingError) => void
}

/**
 * Listens to the public market: events go to `append`, liquidations to the bus as rows, measures to `metrics`.
 *
 * @returns a function that ends it
 */
export function startCollecting(options: CollectOptions): () => void {
  const { runtime, venue, streamUrl, instruments, source, bus, metrics, onFault } = options
  const measured = measureStreams(
    { ...runtime, metrics },
    instruments.flatMap(({ symbol }) => streamsOf(symbol, true)),
  )
  const symbols = new Map(instruments.map(({ id, symbol }) => [id, symbol]))
  const stream = createMarketStream({
    runtime,
    streamUrl,
    instruments,
    loadSnapshot: (symbol) => venue.depth(symbol),
    emit: options.append ?? (() => {}),
    onLiquidation(liquidation) {
      const symbol = symbols.get(liquidation.instrumentId) ?? ''
      const row = liquidationMessage(liquidation, symbol, source)
      bus.publish('liquidations', row as unknown as Message)
    },
    watch: measured,
    onFault,
  })
  stream.start()
  return () => {
    stream.stop()
    measured.stop()
  }
}

/** The row of a liquidation. What identifies it comes from the venue alone, so hearing it twice makes one row. */
const liquidationMessage = (
  liquidation: Liquidation,
  symbol: string,
  source: string,
): LiquidationMessage => ({
  source,
  symbol,
  event_time: liquidation.eventTimeUs,
  receive_time: liquidation.receiveTimeUs,
  side: liquidation.side,
  price: liquidation.priceQuote,
  average_price: liquidation.averagePriceQuote ?? null,
  size: liquidation.sizeBase,
  filled_size: liquidation.filledBase,
  state: liquidation.state,
})
