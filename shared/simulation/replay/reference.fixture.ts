import type { MarketEvent } from '#shared/market/event.ts'
import { glftCoefficients } from '#shared/strategy/quoting/glft.ts'
import type { GlftVariant } from './glft-variants.ts'
import type { ReplayConfig } from './replay.ts'

/** What the plain replay saw and did. */
export type ReferenceRun = {
  readonly quotes: readonly (readonly [bidTicks: number, askTicks: number])[]
  readonly fills: readonly { timeUs: number; side: 'buy' | 'sell'; priceTicks: number }[]
  readonly inventoryLots: number
  readonly cashTickLots: number
  readonly orders: number
}

type Order = {
  readonly side: 'buy' | 'sell'
  readonly ticks: number
  ahead: number
  traded: number
  isResting: boolean
  isAccepted: boolean
  isCancelSent: boolean
}
type Happening = { readonly timeUs: number; readonly rank: number; readonly run: () => void }

/** What happens at one time happens in this order. */
const rank = { exchange: 0, arrival: 1, receipt: 2, answer: 3, decision: 4 }

/** A book with plain maps, in which a level that reaches the other side moves that side's best behind it. */
class PlainBook {
  readonly bids = new Map<number, number>()
  readonly asks = new Map<number, number>()
  bestBid: number | undefined
  bestAsk: number | undefined

  clear(): void {
    this.bids.clear()
    this.asks.clear()
    this.bestBid = undefined
    this.bestAsk = undefined
  }

  set(side: 'bid' | 'ask', ticks: number, lots: number): void {
    const levels = side === 'bid' ? this.bids : this.asks
    if (lots === 0) levels.delete(ticks)
    else levels.set(ticks, lots)
    const below = (limit: number) => highest([...this.bids.keys()].filter((t) => t < limit))
    const above = (limit: number) => lowest([...this.asks.keys()].filter((t) => t > limit))
    if (side === 'bid') {
      if (lots > 0 && (this.bestBid === undefined || ticks > this.bestBid)) {
        this.bestBid = ticks
        if (this.bestAsk !== undefined && ticks >= this.bestAsk) this.bestAsk = above(ticks)
      } else if (lots === 0 && ticks === this.bestBid) this.bestBid = below(ticks)
    } else if (lots > 0 && (this.bestAsk === undefined || ticks < this.bestAsk)) {
      this.bestAsk = ticks
      if (this.bestBid !== undefined && ticks <= this.bestBid) this.bestBid = below(ticks)
    } else if (lots === 0 && ticks === this.bestAsk) this.bestAsk = above(ticks)
  }
}

const highest = (ticks: number[]) => (ticks.length > 0 ? Math.max(...ticks) : undefined)
const lowest = (ticks: number[]) => (ticks.length > 0 ? Math.min(...ticks) : undefined)

/** One variant, replayed by an event queue and obvious code: what the fast replay must equal. */
export function referenceReplay(
  events: readonly MarketEvent[],
  config: Omit<ReplayConfig, 'variants'>,
  variant: GlftVariant,
): ReferenceRun {
  const { latency, stepUs, queue } = config
  const estimateConfig = config.estimate!
  const exchangeBook = new PlainBook()
  const localBook = new PlainBook()
  const queueOfHappenings: Happening[] = []
  const resting = new Set<Order>()
  const known = new Set<Order>()
  const fills: ReferenceRun['fills'][number][] = []
  const quotes: [number, number][] = []
  let [inventory, knownInventory, cash, orders] = [0, 0, 0, 0]
  let tradesSinceStep: { ticks: number; aggressor: 'buy' | 'sell' }[] = []
  const mids: (number | undefined)[] = []
  const depths: (number | undefined)[] = []
  let estimate: { volatilityTicks: number; a: number; k: number } | undefined

  const schedule = (timeUs: number, order: number, run: () => void) => {
    let at = queueOfHappenings.length
    const isLater = (other: Happening) =>
      other.timeUs > timeUs || (other.timeUs === timeUs && other.rank > order)
    while (at > 0 && isLater(queueOfHappenings[at - 1]!)) at--
    queueOfHappenings.splice(at, 0, { timeUs, rank: order, run })
  }

  function fill(order: Order, timeUs: number): void {
    const sign = order.side === 'buy' ? 1 : -1
    resting.delete(order)
    order.isResting = false
    inventory += sign * variant.orderLots
    cash -= sign * variant.orderLots * order.ticks
    fills.push({ timeUs, side: order.side, priceTicks: order.ticks })
    schedule(timeUs + latency.responseUs, rank.answer, () => {
      known.delete(order)
      knownInventory += sign * variant.orderLots
    })
  }

  function atExchange(event: MarketEvent): void {
    const timeUs = event.eventTimeUs
    if (event.kind === 'trade') {
      for (const order of [...resting]) {
        if (order.side === event.aggressor) continue
        const through =
          order.side === 'sell' ? event.priceTicks - order.ticks : order.ticks - event.priceTicks
        if (through > 0) fill(order, timeUs)
        else if (through === 0) {
          order.ahead -= event.sizeLots
          order.traded += event.sizeLots
          if (order.ahead <= -0.5) fill(order, timeUs)
        }
      }
      return
    }
    applyTo(exchangeBook, event, (side, ticks, lots) => {
      const levels = side === 'bid' ? exchangeBook.bids : exchangeBook.asks
      for (const order of resting)
        if (order.ticks === ticks && (order.side === 'buy') === (side === 'bid'))
          moveUp(order, levels.get(ticks) ?? 0, lots)
      exchangeBook.set(side, ticks, lots)
      for (const order of [...resting]) {
        const { bestBid, bestAsk } = exchangeBook
        if (order.side === 'sell' && bestBid !== undefined && bestBid >= order.ticks)
          fill(order, timeUs)
        if (order.side === 'buy' && bestAsk !== undefined && bestAsk <= order.ticks)
          fill(order, timeUs)
      }
    })
  }

  function moveUp(order: Order, before: number, after: number): void {
    const gone = before - after - order.traded
    order.traded = 0
    if (queue.kind === 'risk-averse' || gone < 0) {
      order.ahead = Math.min(order.ahead, after)
      return
    }
    const behind = before - order.ahead
    const weights = [behind, Math.max(0, order.ahead)].map((lots) => lots ** queue.exponent)
    const share = weights[0]! / (weights[0]! + weights[1]!)
    if (Number.isNaN(share)) order.ahead = after
    else {
      const estimated = order.ahead - (1 - share) * gone + Math.min(behind - share * gone, 0)
      order.ahead = Math.min(estimated, after)
    }
  }

  function arrive(order: Order, timeUs: number): void {
    const { bestBid, bestAsk, bids, asks } = exchangeBook
    const wouldTake =
      order.side === 'buy'
        ? bestAsk !== undefined && order.ticks >= bestAsk
        : bestBid !== undefined && order.ticks <= bestBid
    if (!wouldTake) {
      order.ahead = (order.side === 'buy' ? bids : asks).get(order.ticks) ?? 0
      order.isResting = true
      resting.add(order)
    }
    schedule(timeUs + latency.responseUs, rank.answer, () => {
      if (wouldTake) known.delete(order)
      else order.isAccepted = true
    })
  }

  function cancel(order: Order, timeUs: number): void {
    if (!order.isResting) return
    resting.delete(order)
    order.isResting = false
    schedule(timeUs + latency.responseUs, rank.answer, () => known.delete(order))
  }

  function received(event: MarketEvent): void {
    if (event.kind === 'trade')
      tradesSinceStep.push({ ticks: event.priceTicks, aggressor: event.aggressor })
    else applyTo(localBook, event, (side, ticks, lots) => localBook.set(side, ticks, lots))
  }

  function decide(nowUs: number): void {
    const { bestBid, bestAsk } = localBook
    const lastMid = mids.at(-1)
    const reached = tradesSinceStep.map(({ ticks, aggressor }) =>
      aggressor === 'buy' ? ticks - lastMid! : lastMid! - ticks,
    )
    tradesSinceStep = []
    depths.push(lastMid === undefined || reached.length === 0 ? undefined : Math.max(...reached))
    const isTwoSided = bestBid !== undefined && bestAsk !== undefined
    mids.push(isTwoSided ? (bestBid + bestAsk) / 2 : undefined)
    const step = mids.length - 1
    if (step >= estimateConfig.windowSteps - 1 && step % estimateConfig.refitSteps === 0) refit()
    if (!isTwoSided) quote(nowUs, 0, 0)
    else if (estimate) {
      const [bid, ask] = glftQuotes(estimate, bestBid, bestAsk)
      quotes.push([bid, ask])
      quote(nowUs, bid, ask)
    }
  }

  function refit(): void {
    const { windowSteps, binCount, fitBins } = estimateConfig
    const from = mids.length - windowSteps
    const changes: number[] = []
    for (let step = Math.max(1, from); step < mids.length; step++)
      if (mids[step] !== undefined && mids[step - 1] !== undefined)
        changes.push(mids[step]! - mids[step - 1]!)
    const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length
    const variance = changes.reduce((sum, c) => sum + (c - mean) ** 2, 0) / changes.length
    const volatilityTicks = Math.sqrt(variance / (stepUs / 1e6))
    const bins = depths
      .slice(from)
      .filter((depth) => depth !== undefined && depth >= 0.5)
      .map((depth) => Math.floor(depth! - 0.5))
      .filter((bin) => bin < binCount)
    const deepest = bins.length > 0 ? Math.max(...bins) + 1 : 0
    const last = estimate && { ...estimate, volatilityTicks }
    estimate = last
    if (deepest <= 2) return
    const points = Array.from({ length: Math.min(deepest, fitBins) }, (_, bin) => {
      const count = bins.filter((other) => other >= bin).length
      return [bin + 0.5, Math.log(count / ((windowSteps * stepUs) / 1e6))] as const
    })
    const meanOf = (pick: 0 | 1) =>
      points.reduce((sum, point) => sum + point[pick], 0) / points.length
    const [x, y] = [meanOf(0), meanOf(1)]
    const slope =
      points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
      points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
    if (slope < 0) estimate = { volatilityTicks, a: Math.exp(y - slope * x), k: -slope }
  }

  function glftQuotes(
    { volatilityTicks, a, k }: NonNullable<typeof estimate>,
    bestBid: number,
    bestAsk: number,
  ): [number, number] {
    const model = glftCoefficients({
      ...{ volatilityTicks, intensityPerSecond: a, decayPerTick: k },
      gammaPerTick: variant.gammaPerTick,
    })
    const half = model.halfSpreadTicks * variant.halfSpreadFactor
    const skew = model.skewTicks * variant.skewFactor
    const reservation = (bestBid + bestAsk) / 2 - (skew * knownInventory) / variant.orderLots
    let bid = Math.min(Math.floor(reservation - half + 0.5), bestBid)
    let ask = Math.max(Math.floor(reservation + half + 0.5), bestAsk)
    const grid = Math.max(1, Math.floor(half * variant.gridHalfSpreads + 0.5))
    bid = Math.floor(bid / grid) * grid
    ask = Math.ceil(ask / grid) * grid
    return [
      knownInventory < variant.inventoryLotsMax && bid > 0 ? bid : 0,
      knownInventory > -variant.inventoryLotsMax ? ask : 0,
    ]
  }

  function quote(nowUs: number, bid: number, ask: number): void {
    const wanted = { buy: bid, sell: ask }
    const arriveUs = nowUs + latency.entryUs
    for (const order of known) {
      if (order.ticks === wanted[order.side] || !order.isAccepted || order.isCancelSent) continue
      order.isCancelSent = true
      schedule(arriveUs, rank.arrival, () => cancel(order, arriveUs))
    }
    for (const side of ['buy', 'sell'] as const) {
      const ticks = wanted[side]
      const isThere = [...known].some((order) => order.side === side && order.ticks === ticks)
      if (ticks === 0 || isThere) continue
      const order: Order = {
        ...{ side, ticks, ahead: 0, traded: 0 },
        ...{ isResting: false, isAccepted: false, isCancelSent: false },
      }
      known.add(order)
      orders++
      schedule(arriveUs, rank.arrival, () => arrive(order, arriveUs))
    }
  }

  for (const event of events) {
    schedule(event.eventTimeUs, rank.exchange, () => atExchange(event))
    schedule(event.receiveTimeUs, rank.receipt, () => received(event))
  }
  const startUs = Math.min(...events.map(({ eventTimeUs }) => eventTimeUs))
  const endUs = Math.max(...events.map(({ receiveTimeUs }) => receiveTimeUs))
  for (let nowUs = startUs + stepUs; nowUs < endUs; nowUs += stepUs)
    schedule(nowUs, rank.decision, () => decide(nowUs))
  for (let next = queueOfHappenings.shift(); next; next = queueOfHappenings.shift()) next.run()
  return { quotes, fills, inventoryLots: inventory, cashTickLots: cash, orders }
}

function applyTo(
  book: PlainBook,
  event: MarketEvent,
  set: (side: 'bid' | 'ask', ticks: number, lots: number) => void,
): void {
  if (event.kind === 'book-lost' || event.kind === 'book-snapshot') book.clear()
  if (event.kind !== 'book-delta' && event.kind !== 'book-snapshot') return
  for (let i = 0; i < event.bidCount + event.askCount; i++)
    set(i < event.bidCount ? 'bid' : 'ask', event.levels[2 * i]!, event.levels[2 * i + 1]!)
}
