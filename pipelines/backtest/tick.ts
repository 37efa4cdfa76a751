import { stat } from 'node:fs/promises'
import { type BacktestResult, markoutSeconds } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import {
  type Backtest,
  type BacktestOutcome,
  createBacktest,
} from '#shared/simulation/backtest/backtest.ts'
import type { LatencyModel } from '#shared/simulation/backtest/latency.ts'
import type { QueueModel } from '#shared/simulation/backtest/queue-model.ts'
import type { StrategyName } from '#shared/strategy/registry.ts'
import { createTraderFromSpec, type TraderSpec } from '#shared/trading/engine/spec.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { assembleResult } from './assemble.ts'
import { type LatencyChoice, latencyOf } from './latency-choice.ts'
import {
  admitEquity,
  type Fees,
  type GivenParameters,
  selectMarkets,
  settingsOf,
  specFor,
  walletsFor,
} from './strategy-spec.ts'
import {
  describeSources,
  groupTapes,
  isMarketEvent,
  isSyntheticTape,
  located,
  mergeTapes,
  placeOf,
  type Selection,
  type TapeGroup,
} from './tape-set.ts'

export type TickBacktestOptions = {
  readonly tapes: readonly string[]
  readonly strategy: StrategyName
  /** Undefined: the only market there is. */
  readonly symbols?: readonly string[] | 'all'
  readonly parameters: GivenParameters
  readonly equityQuote: number
  readonly fees: Fees
  readonly latency: LatencyChoice
  readonly queueModel: QueueModel
  readonly isFundingWaived: boolean
  /** Refuse tapes that cannot be shown to hold a real market. */
  readonly isRealClaimed: boolean
  readonly seed: number
  /** Wall time at the start of the command, µs: later events are refused. */
  readonly nowUs: number
  readonly command: string
  readonly commit: string
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void
}

/** A backtest that is ready to run, any number of times. */
export type PreparedBacktest = {
  readonly options: TickBacktestOptions
  readonly groups: readonly TapeGroup[]
  readonly selection: Selection
  readonly spec: TraderSpec
  readonly latency: LatencyModel
}

export type TickBacktest = {
  readonly result: BacktestResult
  readonly outcome: BacktestOutcome
  /** Market events per second of wall time, reading the files included. */
  readonly eventsPerSecond: number
  /** The same counted in trades and single levels of books. */
  readonly changesPerSecond: number
}

/**
 * Looks at the files and decides what trades what. Nothing is replayed yet.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_*, OPTION_INVALID, SYMBOL_UNKNOWN, CONFIG_INVALID, SYNTHETIC_REFUSED
 */
export async function prepareTickBacktest(options: TickBacktestOptions): Promise<PreparedBacktest> {
  const groups = await groupTapes(options.tapes)
  const invented = groups.find(({ header }) => isSyntheticTape(header))
  if (options.isRealClaimed && invented)
    throw new TradingError(
      'SYNTHETIC_REFUSED',
      `${invented.paths[0]} is not known to hold a real market (source: ${invented.header.source}); leave out --real to use it all the same`,
    )
  const { equityQuote, fees, parameters, strategy, symbols } = options
  const selection = selectMarkets(groups, { strategy, symbols, fees })
  const spec = specFor({ strategy, instruments: selection.instruments, equityQuote, parameters })
  // Settings are wrong before an hour of replay, not after it.
  createTraderFromSpec(spec, selection.instruments)
  const latency = await latencyOf(options.latency, groups)
  return { options, groups, selection, spec, latency }
}

/** Replays the tapes once. @throws TradingError TAPE_*, FUNDING_MISSING naming file and event, EQUITY_TOO_SMALL */
export async function runTickBacktest(prepared: PreparedBacktest): Promise<TickBacktest> {
  const { groups, options } = prepared
  const progress = await countBytes(prepared)
  const rows = groups.map(() => 0)
  const startedMs = performance.now()
  let backtest: Backtest | undefined
  for await (const { event, group, row } of eventsOf(prepared, progress)) {
    rows[group] = row
    backtest ??= openBacktest(prepared, event.eventTimeUs)
    try {
      backtest.market(event)
    } catch (error) {
      throw located(error, groups[group]!, row)
    }
  }
  const outcome = backtest?.end()
  const seconds = (performance.now() - startedMs) / 1_000
  if (!outcome || outcome.tradingFromUs === undefined)
    throw new TradingError(
      'TAPE_MALFORMED',
      `${options.tapes.join(', ')}: no book with both sides came up, so nothing could trade`,
    )
  const result = assembleResult(
    {
      strategy: options.strategy,
      parameters: {
        ...settingsOf(options.strategy, prepared.spec.strategies[0]!.config),
        equityQuote: options.equityQuote,
        queueModel: options.queueModel,
        latencyModel: options.latency.kind,
      },
      instruments: prepared.selection.instruments,
      equityQuote: options.equityQuote,
      latency: prepared.latency,
      queueModel: options.queueModel,
      sources: await describeSources(groups, rows),
      seed: options.seed,
      command: options.command,
      commit: options.commit,
    },
    outcome,
  )
  return {
    result,
    outcome,
    eventsPerSecond: outcome.events / seconds,
    changesPerSecond: outcome.changes / seconds,
  }
}

/** The events of the chosen markets under our ids, with their place. */
export async function* eventsOf(
  { groups, options, selection }: PreparedBacktest,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<{ readonly event: MarketEvent; readonly group: number; readonly row: number }> {
  const place = { event: undefined as unknown as MarketEvent, group: 0, row: 0 }
  for await (const { batch, firstRow, from, group, to } of mergeTapes(groups, onBytes)) {
    const ids = selection.idsByGroup[group]!
    place.group = group
    for (let at = from; at < to; at++) {
      const event = batch[at]!
      if (!isMarketEvent(event)) continue
      const id = ids[event.instrumentId]
      if (id === undefined) continue
      place.row = firstRow + at - from
      if (event.eventTimeUs > options.nowUs) throw fromFuture(groups[group]!, place.row, event)
      place.event = id === event.instrumentId ? event : { ...event, instrumentId: id }
      yield place
    }
  }
}

export function openBacktest(
  { latency, options, selection, spec }: PreparedBacktest,
  startUs: Micros,
  onIntent?: (intent: Intent, madeUs: number) => void,
): Backtest {
  return createBacktest({
    trader: createTraderFromSpec(spec, selection.instruments),
    walletsE8: walletsFor(options.equityQuote, selection.instruments),
    startUs,
    latency,
    queueModel: options.queueModel,
    missingFunding: options.isFundingWaived ? 'waive' : 'refuse',
    schedule: 'own',
    admit: (trader) => admitEquity(trader, spec),
    markoutSeconds,
    ...(onIntent ? { onIntent } : {}),
  })
}

const fromFuture = (group: TapeGroup, row: number, { eventTimeUs }: MarketEvent): TradingError =>
  new TradingError(
    'TAPE_FUTURE',
    `${placeOf(group, row)}: stamped ${new Date(eventTimeUs / 1_000).toISOString()}, which is still to come; check the recorder's clock and the unit of its times`,
  )

async function countBytes({ options }: PreparedBacktest): Promise<(bytes: number) => void> {
  const { onProgress, tapes } = options
  if (!onProgress) return () => {}
  const sizes = await Promise.all(tapes.map(async (path) => (await stat(path)).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  return (bytes) => {
    done += bytes
    onProgress(done, total)
  }
}
