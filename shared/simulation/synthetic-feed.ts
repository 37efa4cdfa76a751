import type { Random } from '#shared/kernel/random.ts'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import { type LatentPrice, randomFor } from './latent-price.ts'
import type { SyntheticMarket } from './listing.ts'
import { createSyntheticBook, type SyntheticBook } from './synthetic-book.ts'

/** Events of one invented market, one due time after another. */
export type SyntheticFeed = {
  nextTimeUs(): Micros
  emitNext(emit: (event: MarketEvent) => void): void
}

const stepUs = 100_000
const stepSeconds = stepUs / 1e6
const stepsPerMark = 10
/** Mean distance beyond the best price that a market order accepts. */
const reachBps = 0.6
/** How much the last move of the latent price tilts the next market orders. */
const informedShare = 0.25
const spotBasisBps = 0.7
const premiumBps = 2
const basisReversionPerSecond = 1 / 120
const interestPer8Hours = 0.0001

type Feed = {
  readonly instrument: Instrument
  readonly market: SyntheticMarket
  readonly latent: LatentPrice
  readonly random: Random
  readonly book: SyntheticBook
  readonly startUs: Micros
  readonly tickQuote: number
  /** Due times of market orders inside the running step. */
  readonly arrivals: number[]
  step: number
  sequence: number
  tradeId: number
  /** Log distance of this market from the index. */
  basis: number
  /** Slow mean of the basis: the premium that funding is made of. */
  premium: number
}

export function createSyntheticFeed(options: {
  seed: number
  startUs: Micros
  instrument: Instrument
  market: SyntheticMarket
  latent: LatentPrice
}): SyntheticFeed {
  const { seed, startUs, instrument, market, latent } = options
  const random = randomFor(seed, `market ${market.symbol}`)
  const tickQuote = instrument.priceGrid.step / 10 ** instrument.priceGrid.decimals
  const lotQuote =
    (market.startQuote * instrument.sizeGrid.step) / 10 ** instrument.sizeGrid.decimals
  const feed: Feed = {
    instrument,
    market,
    latent,
    random,
    book: createSyntheticBook({
      random,
      tickBps: (tickQuote / market.startQuote) * 10_000,
      levelLots: market.levelQuote / lotQuote,
    }),
    startUs,
    tickQuote,
    arrivals: [],
    step: 0,
    sequence: 1,
    tradeId: 0,
    basis: 0,
    premium: 0,
  }
  // Markets do not tick in unison.
  const offsetUs = random.integer(stepUs / 1_000) * 1_000
  const stepTimeUs = () =>
    (feed.step === 0 ? startUs : startUs + offsetUs + feed.step * stepUs) as Micros

  return {
    nextTimeUs: () => (feed.arrivals[0] as Micros | undefined) ?? stepTimeUs(),
    emitNext: (emit) => {
      const arrivalUs = feed.arrivals.shift()
      if (arrivalUs !== undefined) emitMarketOrder(feed, arrivalUs as Micros, emit)
      else emitStep(feed, stepTimeUs(), emit)
    },
  }
}

function emitStep(feed: Feed, timeUs: Micros, emit: (event: MarketEvent) => void): void {
  const { latent, market, random, book, instrument, step } = feed
  const logIndex = latent.logIndexAt(step)
  const noiseBps = market.kind === 'spot' ? spotBasisBps : premiumBps
  feed.basis +=
    -basisReversionPerSecond * feed.basis * stepSeconds +
    (noiseBps / 10_000) * Math.sqrt(2 * basisReversionPerSecond * stepSeconds) * random.normal()
  feed.premium += (feed.basis - feed.premium) * (stepSeconds / 300)

  const middleTicks = Math.exp(logIndex + feed.basis) / feed.tickQuote
  const changes = book.follow(middleTicks)
  const timed = { eventTimeUs: timeUs, receiveTimeUs: timeUs, instrumentId: instrument.id }
  const previous = feed.sequence++
  if (step === 0) emit({ kind: 'book-snapshot', ...timed, ...changes, sequence: feed.sequence })
  else
    emit({
      kind: 'book-delta',
      ...timed,
      ...changes,
      sequence: feed.sequence,
      sequenceFirst: feed.sequence,
      sequencePrevious: previous,
    })
  if (step % stepsPerMark === 0) emitMark(feed, timeUs, { logIndex, emit })

  feed.step++
  planArrivals(feed, timeUs)
}

function planArrivals(feed: Feed, fromUs: Micros): void {
  const count = feed.random.poisson(feed.market.marketOrdersPerSecond * stepSeconds)
  for (let index = 0; index < count; index++)
    feed.arrivals.push(fromUs + 1_000 + feed.random.integer(stepUs / 1_000 - 2) * 1_000)
  feed.arrivals.sort((a, b) => a - b)
}

/** One market order of the outside world: it sweeps levels until its size or its reach is used up. */
function emitMarketOrder(feed: Feed, timeUs: Micros, emit: (event: MarketEvent) => void): void {
  const { random, book, market, instrument, latent } = feed
  const tilt = informedShare * Math.tanh(latent.surpriseOf())
  const aggressor: Side = random.uniform() < 0.5 + tilt ? 'buy' : 'sell'
  const reachTicks =
    (random.exponential(1 / reachBps) / 10_000) * (market.startQuote / feed.tickQuote)
  const sizeLots = Math.max(1, Math.round(book.levelLots * 0.35 * random.exponential(1)))
  book.sweep(aggressor, { sizeLots, reachTicks }, (priceTicks, takenLots) => {
    emit({
      kind: 'trade',
      instrumentId: instrument.id,
      eventTimeUs: timeUs,
      receiveTimeUs: timeUs,
      tradeId: ++feed.tradeId,
      priceTicks: priceTicks as Ticks,
      sizeLots: takenLots as Lots,
      aggressor,
    })
  })
}

function emitMark(
  feed: Feed,
  timeUs: Micros,
  { logIndex, emit }: { logIndex: number; emit: (event: MarketEvent) => void },
): void {
  const { instrument, market, premium } = feed
  const clamped = Math.max(-0.0005, Math.min(0.0005, interestPer8Hours - premium))
  const hours = instrument.fundingIntervalHours
  const per8Hours = Math.max(-0.03, Math.min(0.03, premium + clamped))
  const index = Math.exp(logIndex)
  emit({
    kind: 'mark-price',
    instrumentId: instrument.id,
    eventTimeUs: timeUs,
    receiveTimeUs: timeUs,
    markPriceE8: Math.round(
      Math.exp(logIndex + (market.kind === 'spot' ? feed.basis : premium)) * 1e8,
    ),
    indexPriceE8: Math.round(index * 1e8),
    fundingRate: hours === undefined ? 0 : Math.round(((per8Hours * hours) / 8) * 1e8) / 1e8,
    // The exchange keeps the schedule.
    nextFundingTimeUs: 0 as Micros,
  })
}
