import { runVirtual, runVirtualUntil } from '#services/local/virtual.ts'
import { createTwin, type TwinOptions } from '#services/twin/app.ts'
import type { TradingError } from '#shared/kernel/error.ts'
import type { DomainEvent, EventKind, Fill } from '#shared/market/event.ts'
import { type Instrument, signOf } from '#shared/market/instrument.ts'
import { bestLevel } from '#shared/simulation/level-book.ts'
import { listingOf, syntheticMarket } from '#shared/simulation/listing.ts'
import {
  createVirtualNetwork,
  type VirtualHost,
  type VirtualReply,
  type VirtualRequest,
} from '#shared/simulation/network/virtual-network.ts'
import type { Approved, Intent, Order } from '#shared/trading/order/order.ts'
import { exampleStartUs } from '#shared/venue/aster/fixture.ts'
import { createSigner } from '#shared/venue/aster/sign.ts'
import { createAsterVenue } from '#shared/venue/aster/venue.ts'

const privateKeyHex = `0x${'0123456789abcdef'.repeat(4)}`
const signer = createSigner({ privateKeyHex, chainId: 1_666 })
export const second = 1_000_000
const walletStartE8 = 10_000_000_000_000n

/** What a test may do to the traffic between client and venue. */
export type Meddling = {
  /** Undefined lets the request through; `lose` carries it out and loses the reply. */
  onHttp: (request: VirtualRequest) => 'drop' | 'lose' | VirtualReply | undefined
  /** False swallows a frame. */
  passesFrame: (path: string, frame: string) => boolean
}

/** An order without the brands of its numbers. */
export type OrderWish = Partial<Omit<Order, 'priceTicks' | 'sizeLots'>> & {
  readonly side: Order['side']
  readonly priceTicks: number
  readonly sizeLots?: number
}

type EventOf<Kind extends EventKind> = Extract<DomainEvent, { kind: Kind }>

/** The real client against the twin on a virtual clock, with everything that comes out kept. */
export async function createWorld(
  over: Partial<TwinOptions> & { readonly symbols?: readonly string[] } = {},
) {
  const { symbols = ['BTCUSDT'], ...twinOver } = over
  const network = createVirtualNetwork({ startUs: exampleStartUs })
  const twin = createTwin({
    seed: 7,
    startUs: network.nowUs,
    clock: network.runtime.clock,
    listings: symbols.map((symbol) => listingOf(syntheticMarket(symbol))),
    accounts: [
      {
        name: 'trader',
        user: `0x${'1'.repeat(40)}`,
        signers: [signer.address],
        walletE8: walletStartE8,
      },
    ],
    historyDays: 0,
    ...twinOver,
  })
  const meddling: Meddling = { onHttp: () => undefined, passesFrame: () => true }
  const requests: { atUs: number; name: string }[] = []
  const streams: { path: string; end: () => void }[] = []
  const host: VirtualHost = {
    handleHttp: (request) => {
      const name = `${request.method} ${request.path.split('?')[0]?.replace('/fapi/v3/', '')}`
      requests.push({ atUs: network.nowUs, name })
      const fate = meddling.onHttp(request)
      if (fate === 'drop') return 'drop'
      if (fate !== undefined && fate !== 'lose') return fate
      const reply = twin.handleHttp(request)
      return fate === 'lose' ? 'drop' : reply
    },
    openStream: (path, send, close) => {
      const passing = (frame: string) => {
        if (meddling.passesFrame(path, frame)) send(frame)
      }
      const stream = twin.openStream(path, passing, close)
      streams.push({
        path,
        end: () => {
          stream.closed()
          close(1_006, 'cut')
        },
      })
      return stream
    },
    advance: (nowUs) => twin.advance(nowUs as typeof network.nowUs),
    nextEventUs: () => twin.nextEventUs(),
  }
  network.addHost('twin', host, { toHostUs: 2_000, toClientUs: 3_000 })

  const events: DomainEvent[] = []
  let levels = new Int32Array()
  const faults: TradingError[] = []
  const venue = createAsterVenue({
    runtime: network.runtime,
    restUrl: 'http://twin',
    streamUrl: 'ws://twin',
    accountId: 0,
    asset: 'USDT',
    signer,
    feeSymbols: symbols,
    emit: (event) => {
      if ('levels' in event) levels = event.levels.slice(0, 2 * (event.bidCount + event.askCount))
      events.push('levels' in event ? { ...event, levels } : { ...event })
    },
    onFault: (error) => faults.push(error),
  })

  const until = <T>(work: Promise<T>) =>
    runVirtualUntil(network, work, network.nowUs + 600 * second)
  const listings = await until(venue.loadListings())
  const instruments: Instrument[] = listings.map((l, id) => ({ ...l, id, accountId: 0 }))
  const of = <Kind extends EventKind>(kind: Kind): EventOf<Kind>[] =>
    events.filter((event): event is EventOf<Kind> => event.kind === kind)
  let orders = 0

  const world = {
    network,
    twin,
    venue,
    meddling,
    requests,
    streams,
    events,
    faults,
    instruments,
    of,
    until,
    run: (seconds: number) => runVirtual(network, network.nowUs + Math.round(seconds * second)),
    async start(): Promise<void> {
      await until(venue.start(instruments))
      await world.run(2)
    },
    best(side: 'bid' | 'ask', instrumentId = 0): number {
      const market = twin.exchange.state.markets[instrumentId]
      const level = market && bestLevel(side === 'bid' ? market.bids : market.asks)
      if (!level) throw new Error(`market ${instrumentId} has no ${side}`)
      return level.priceTicks
    },
    place(wish: OrderWish): string {
      const clientOrderId = `t-1-${++orders}`
      const order = {
        clientOrderId,
        strategy: 'test',
        instrumentId: 0,
        timeInForce: 'GTC',
        sizeLots: 5,
        reduceOnly: false,
        ...wish,
      } as Order as Approved<Order>
      venue.send({ kind: 'place', order })
      return clientOrderId
    },
    send: (intent: Intent) => venue.send(intent),
    /** Kinds of events about one order, in order. */
    storyOf: (clientOrderId: string) =>
      events.flatMap((e) =>
        'clientOrderId' in e && e.clientOrderId === clientOrderId ? [e.kind] : [],
      ),
    cut: (isCut: (path: string) => boolean) => {
      for (const stream of streams.splice(0)) {
        if (isCut(stream.path)) stream.end()
        else streams.push(stream)
      }
    },
    account: () => twin.exchange.state.accounts[0]!,
    /** Position and wallet as the events tell them. */
    booked() {
      const fills = of('fill')
      const lots = (id: number) =>
        fills
          .filter((fill) => fill.instrumentId === id)
          .reduce((sum, fill) => sum + signOf(fill.side) * fill.sizeLots, 0)
      const tradingE8 = fills.reduce((sum, f: Fill) => sum + f.realisedPnlE8 - f.feeE8, 0n)
      const fundingE8 = of('funding-paid').reduce((sum, f) => sum + f.amountE8, 0n)
      return {
        positions: instruments.map(({ id }) => lots(id)),
        walletE8: walletStartE8 + tradingE8 + fundingE8,
      }
    },
    /** The same, as the venue has them. */
    actual() {
      const account = world.account()
      return {
        positions: instruments.map(({ id }) => account.positions[id]?.lots ?? 0),
        walletE8: account.walletE8,
      }
    },
  }
  return world
}

export type World = Awaited<ReturnType<typeof createWorld>>

export const isUserStream = (path: string): boolean => path.startsWith('/ws/')
