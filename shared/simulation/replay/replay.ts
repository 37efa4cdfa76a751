import { TradingError } from '#shared/kernel/error.ts'
import { createFillColumns } from './account.ts'
import { type BlockCursor, createBlockCursor, pushBlock, runUntil } from './block-cursor.ts'
import { createEquitySamples, type EquitySampling, sampleEquity } from './equity.ts'
import {
  createMarketEstimate,
  type EstimateConfig,
  estimateConfig,
  observeStep,
} from './estimate.ts'
import { arriveCancel, arriveOrder, createExchangeSide, runExchangeRows } from './exchange-side.ts'
import {
  createGlftVariants,
  type GlftVariant,
  quoteVariants,
  readAnswers,
  refitVariants,
  withdrawVariants,
} from './glft-variants.ts'
import { bestAskTicks, bestBidTicks } from './ladder.ts'
import { closeStep, createLocalSide, midHalfTicks, runLocalRows } from './local-side.ts'
import { createOrderTable } from './orders.ts'
import { type QueueModel, queueExponent } from './queue.ts'
import { type ReplayResult, resultOf } from './replay-result.ts'
import type { PackedTape, TapeBlock } from './tape.ts'

export type ReplayConfig = {
  /** At least one; all see the same market and none moves it. */
  readonly variants: readonly GlftVariant[]
  /** Time of a request to the exchange, and of its answers back; whole µs, not negative. */
  readonly latency: { readonly entryUs: number; readonly responseUs: number }
  readonly queue: QueueModel
  /** Millionths of the notional; negative is a rebate. Every fill is a maker's: quotes are post-only. */
  readonly fees: { readonly makerFeePpm: number }
  /** Time between decisions. */
  readonly stepUs: number
  /** Size of a tick in quote per base, of a lot in base. */
  readonly market: { readonly tickQuote: number; readonly lotBase: number }
  readonly estimate?: EstimateConfig
  /** Samples equity and returns of every variant. */
  readonly equity?: EquitySampling
  /** Keeps every fill of this variant, and the mid at every step. */
  readonly recordVariant?: number
}

/** A replay that is fed blocks in order, so that only those between the two clocks are in memory. */
export type Replay = {
  push(block: TapeBlock): void
  /** Replays what is left and closes the books. @throws TradingError TAPE_MALFORMED when no block was pushed */
  finish(): ReplayResult
}

/**
 * Runs many GLFT variants over one recorded market in one pass.
 *
 * Orders do not move the book, so all variants share one book of the exchange and one as received. There is no event
 * queue: per step the exchange runs to now, stopping only where our orders arrive; then what we received by now is
 * applied; then every variant decides. Decisions are at `first exchange time + n × stepUs`, up to the last receipt.
 *
 * Fills: a resting order trades whole at its price when a trade goes through it or reaches it in the queue, or when
 * the other side's best price reaches it. No partial fills, no market impact.
 *
 * @throws TradingError CONFIG_INVALID when a number makes no sense
 */
export function createReplay(config: ReplayConfig): Replay {
  check(config)
  const { latency, stepUs, variants } = config
  const roundTripUs = latency.entryUs + latency.responseUs
  const orders = createOrderTable(variants.length, Math.ceil(roundTripUs / stepUs))
  const glft = createGlftVariants(variants, orders.state.length)
  const recorded =
    config.recordVariant === undefined
      ? undefined
      : { variant: config.recordVariant, fills: createFillColumns(), midHalfTicks: [] as number[] }
  const exchange = createExchangeSide({
    orders,
    orderLots: glft.orderLots,
    exponent: queueExponent(config.queue),
    responseUs: latency.responseUs,
    recorded,
  })
  const local = createLocalSide()
  const estimate = createMarketEstimate(config.estimate ?? estimateConfig, stepUs)
  const samples = config.equity && createEquitySamples(config.equity, variants.length)
  const cursors: BlockCursor = createBlockCursor()
  /** Requests under way: when each batch arrives, and where it ends in the ring. */
  const batches: { arriveUs: number; requestTail: number }[] = []
  let startUs: number | undefined
  let nextStepUs = 0
  let stepCount = 0
  let rowCount = 0
  let lastHalfTicks: number | undefined

  const runExchangeRange = (block: TapeBlock, from: number, to: number, frame: number): void => {
    exchange.frame = frame
    runExchangeRows(exchange, block, from, to)
  }
  const runLocalRange = ({ rows }: TapeBlock, from: number, to: number): void =>
    runLocalRows(local, rows, from, to)

  function runExchange(untilUs: number): void {
    for (;;) {
      const batch = batches[0]
      if (!batch || batch.arriveUs > untilUs) break
      batches.shift()
      runUntil(cursors.exchange, batch.arriveUs, runExchangeRange)
      deliver(batch.arriveUs, batch.requestTail)
    }
    runUntil(cursors.exchange, untilUs, runExchangeRange)
  }

  function deliver(arriveUs: number, requestTail: number): void {
    const { requests } = glft
    while (glft.requestHead !== requestTail) {
      const request = requests[glft.requestHead]!
      glft.requestHead = (glft.requestHead + 1) % requests.length
      if (request < 0) arriveCancel(exchange, ~request, arriveUs)
      else arriveOrder(exchange, request, arriveUs)
    }
  }

  function step(nowUs: number): void {
    runExchange(nowUs)
    runUntil(cursors.local, nowUs, runLocalRange)
    readAnswers(glft, exchange, nowUs)
    const deepest = closeStep(local)
    const halfTicks = midHalfTicks(local)
    lastHalfTicks = halfTicks ?? lastHalfTicks
    if (observeStep(estimate, halfTicks, deepest)) refitVariants(glft, estimate)
    const requestsBefore = glft.requestTail
    if (halfTicks === undefined) withdrawVariants(glft, exchange, nowUs)
    else if (glft.isQuoting)
      quoteVariants(glft, exchange, {
        nowUs,
        roundTripUs,
        bestBidTicks: bestBidTicks(local.ladder),
        bestAskTicks: bestAskTicks(local.ladder),
      })
    if (glft.requestTail !== requestsBefore)
      batches.push({ arriveUs: nowUs + latency.entryUs, requestTail: glft.requestTail })
    if (samples) sampleEquity(samples, nowUs, lastHalfTicks, exchange.accounts, config)
    recorded?.midHalfTicks.push(halfTicks ?? Number.NaN)
    stepCount++
  }

  return {
    push(block) {
      pushBlock(cursors, block)
      rowCount += block.rows.length / 2
      startUs ??= block.exchangeTimeUs[0]!
      nextStepUs ||= startUs + stepUs
      // The next block may begin at the last time of this one, so a step at that time has to wait for it.
      const knownUntilUs = block.exchangeTimeUs.at(-1)!
      for (; nextStepUs < knownUntilUs; nextStepUs += stepUs) step(nextStepUs)
    },
    finish() {
      if (startUs === undefined)
        throw new TradingError('TAPE_MALFORMED', 'the tape is empty: nothing to replay')
      const endUs = cursors.lastReceiveUs
      for (; nextStepUs < endUs; nextStepUs += stepUs) step(nextStepUs)
      runExchange(Number.POSITIVE_INFINITY)
      runUntil(cursors.local, Number.POSITIVE_INFINITY, runLocalRange)
      lastHalfTicks = midHalfTicks(local) ?? lastHalfTicks
      return resultOf({
        ...{ config, exchange, glft, samples, lastHalfTicks, rowCount, stepCount },
        ...{ startUs, endUs, recorded },
      })
    },
  }
}

/** Runs many GLFT variants over a tape in memory; see {@link createReplay}. */
export function replayGlft(config: ReplayConfig & { readonly tape: PackedTape }): ReplayResult {
  const replay = createReplay(config)
  for (const block of config.tape.blocks) replay.push(block)
  return replay.finish()
}

function check({ variants, latency, stepUs, queue, recordVariant, estimate }: ReplayConfig): void {
  const refuse = (what: string): never => {
    throw new TradingError('CONFIG_INVALID', `replay: ${what}`)
  }
  const isWhole = (value: number, min: number) => Number.isSafeInteger(value) && value >= min
  if (variants.length === 0) refuse('give at least one variant')
  if (!isWhole(latency.entryUs, 0) || !isWhole(latency.responseUs, 0))
    refuse(`latencies are whole µs from 0, not ${latency.entryUs} and ${latency.responseUs}`)
  if (!isWhole(stepUs, 1)) refuse(`stepUs is a whole number of µs above 0, not ${stepUs}`)
  if (queue.kind === 'power-prob' && !(queue.exponent > 0))
    refuse(`the queue's exponent must be above 0, not ${queue.exponent}`)
  if (recordVariant !== undefined && !variants[recordVariant])
    refuse(`there is no variant ${recordVariant} to record`)
  if (estimate && !(isWhole(estimate.windowSteps, 2) && isWhole(estimate.refitSteps, 1)))
    refuse('estimate.windowSteps is at least 2, estimate.refitSteps at least 1')
  variants.forEach((variant, index) => {
    const numbers = Object.values(variant)
    if (!numbers.every((value) => Number.isFinite(value) && value >= 0))
      refuse(`variant ${index} has a number that is not finite or below 0`)
    if (!(variant.gammaPerTick > 0)) refuse(`variant ${index}: gammaPerTick must be above 0`)
    if (!isWhole(variant.orderLots, 1)) refuse(`variant ${index}: orderLots must be whole, from 1`)
  })
}
