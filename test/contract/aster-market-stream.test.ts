import { expect, test } from 'vitest'
import { runVirtual } from '#services/local/virtual.ts'
import type { TradingError } from '#shared/kernel/error.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import {
  createVirtualNetwork,
  type VirtualHost,
} from '#shared/simulation/network/virtual-network.ts'
import { exampleInstrument, exampleStartUs } from '#shared/venue/aster/fixture.ts'
import {
  createMarketStream,
  type MarketStreamOptions,
  streamsOf,
} from '#shared/venue/aster/market-stream.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import type { Liquidation } from '#shared/venue/aster/scan/liquidation.ts'

const second = 1_000_000
const btc = exampleInstrument()

/** A market whose frames and snapshots a test writes by hand. */
function scriptedMarket(listeners: Pick<MarketStreamOptions, 'onLiquidation' | 'watch'> = {}) {
  const sends = new Set<(frame: string) => void>()
  const closes = new Set<(code: number, reason: string) => void>()
  const opened: { path: string; atUs: number }[] = []
  const snapshotRequests: number[] = []
  let isRefusing = false
  let snapshotSequence = 100
  const network = createVirtualNetwork({ startUs: exampleStartUs })
  const host: VirtualHost = {
    handleHttp: () => {
      snapshotRequests.push(network.nowUs)
      const body = JSON.stringify({
        lastUpdateId: snapshotSequence,
        E: 1_760_000_000_000,
        T: 1_760_000_000_000,
        bids: [['100.0', '1.000']],
        asks: [['100.1', '2.000']],
      })
      return { status: 200, headers: {}, body, delayUs: 0 }
    },
    openStream: (path, send, close) => {
      opened.push({ path, atUs: network.nowUs })
      if (isRefusing) close(1_013, 'try again later')
      else sends.add(send)
      closes.add(close)
      return { receive: () => {}, closed: () => sends.delete(send) }
    },
    advance: () => {},
    nextEventUs: () => undefined,
  }
  network.addHost('twin', host, { toHostUs: 1_000, toClientUs: 1_000 })

  const events: DomainEvent[] = []
  const faults: TradingError[] = []
  const stream = createMarketStream({
    runtime: network.runtime,
    streamUrl: 'ws://twin',
    instruments: [btc],
    loadSnapshot: createAsterPublic(network.runtime, 'http://twin').depth,
    // Events are only lent: what a test looks at later has to be copied.
    emit: (event) =>
      events.push(
        'levels' in event
          ? { ...event, levels: event.levels.slice(0, 2 * (event.bidCount + event.askCount)) }
          : { ...event },
      ),
    onFault: (error) => faults.push(error),
    ...listeners,
  })
  const frame = (name: string, data: object) => {
    const text = JSON.stringify({ stream: `btcusdt@${name}`, data })
    for (const send of sends) send(text)
  }
  const stamp = () => Math.floor(network.nowUs / 1_000)
  return {
    network,
    stream,
    events,
    faults,
    opened,
    snapshotRequests,
    setSnapshot: (sequence: number) => {
      snapshotSequence = sequence
    },
    refuse: (refusing: boolean) => {
      isRefusing = refusing
    },
    cut: () => {
      for (const close of closes) close(1_006, 'connection lost')
      closes.clear()
      sends.clear()
    },
    depth: (first: number, last: number, previous: number, lots = '3.000') =>
      frame('depth@100ms', {
        e: 'depthUpdate',
        E: stamp(),
        T: stamp(),
        s: 'BTCUSDT',
        U: first,
        u: last,
        pu: previous,
        b: [['100.0', lots]],
        a: [],
      }),
    trade: (id: number) =>
      frame('aggTrade', {
        e: 'aggTrade',
        E: stamp(),
        s: 'BTCUSDT',
        a: id,
        p: '100.1',
        q: '0.001',
        f: id,
        l: id,
        T: stamp(),
        m: false,
      }),
    mark: () =>
      frame('markPrice@1s', {
        e: 'markPriceUpdate',
        E: stamp(),
        s: 'BTCUSDT',
        p: '100.05',
        i: '100.04',
        P: '100',
        r: '0.0001',
        T: 1_760_003_600_000,
      }),
    forced: (size = '0.014') =>
      frame('forceOrder', {
        e: 'forceOrder',
        E: stamp(),
        o: {
          s: 'BTCUSDT',
          S: 'SELL',
          o: 'LIMIT',
          f: 'IOC',
          q: size,
          p: '99.9',
          ap: '99.95',
          X: 'FILLED',
          l: size,
          z: size,
          T: stamp(),
        },
      }),
    garbage: () =>
      frame('depth@100ms', {
        e: 'depthUpdate',
        E: 1,
        T: 1,
        s: 'BTCUSDT',
        U: 1,
        u: 1,
        pu: 1,
        b: [['100.05', '1']],
        a: [],
      }),
    /** Lets time pass with a mark each second, as the venue sends them. */
    run: async (seconds: number) => {
      for (let n = 0; n < seconds; n++) {
        await runVirtual(network, network.nowUs + second)
        frame('markPrice@1s', {
          e: 'markPriceUpdate',
          E: stamp(),
          s: 'BTCUSDT',
          p: '100.05',
          i: '100.04',
          P: '100',
          r: '0.0001',
          T: 1_760_003_600_000,
        })
      }
      await runVirtual(network, network.nowUs + 10_000)
    },
    settle: (us = 50_000) => runVirtual(network, network.nowUs + us),
    kinds: () => events.map((e) => e.kind).filter((kind) => kind !== 'mark-price'),
  }
}

type Market = ReturnType<typeof scriptedMarket>

/** Open, synchronised by one bridging update: sequence 102. */
async function startLive(listeners: Parameters<typeof scriptedMarket>[0] = {}): Promise<Market> {
  const market = scriptedMarket(listeners)
  market.stream.start()
  await market.settle()
  market.depth(99, 102, 98)
  await market.settle()
  expect(market.kinds()).toEqual(['book-snapshot', 'book-delta'])
  market.events.length = 0
  return market
}

test('one connection carries depth, trades and marks of each symbol, and asks for a snapshot', async () => {
  const market = scriptedMarket()
  market.stream.start()
  await market.settle()
  expect(market.opened.map((o) => o.path)).toEqual([
    '/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade/btcusdt@markPrice@1s',
  ])
  expect(market.snapshotRequests).toHaveLength(1)
  expect(market.events[0]).toMatchObject({
    kind: 'book-snapshot',
    sequence: 100,
    bidCount: 1,
    askCount: 1,
    receiveTimeUs: exampleStartUs + 4_000,
  })
})

test('updates that came before the snapshot follow it, older ones do not', async () => {
  const market = scriptedMarket()
  market.stream.start()
  await market.settle(2_100)
  market.depth(90, 95, 89)
  market.depth(96, 103, 95)
  market.depth(104, 106, 103)
  await market.settle()
  expect(market.events.map((e) => [e.kind, 'sequence' in e && e.sequence])).toEqual([
    ['book-snapshot', 100],
    ['book-delta', 103],
    ['book-delta', 106],
  ])
})

test('a snapshot older than the stream is asked for again', async () => {
  const market = scriptedMarket()
  market.setSnapshot(50)
  market.stream.start()
  await market.settle(2_100)
  market.depth(104, 106, 103)
  await market.settle(10_000)
  expect(market.events).toEqual([])
  market.setSnapshot(105)
  await market.settle(300_000)
  expect(market.kinds()).toEqual(['book-snapshot', 'book-delta'])
  expect(market.snapshotRequests).toHaveLength(2)
})

test('a gap loses the book at once and a new snapshot brings it back', async () => {
  const market = await startLive()
  market.setSnapshot(110)
  market.depth(106, 111, 105)
  await market.settle()
  expect(market.kinds()).toEqual(['book-lost', 'book-snapshot', 'book-delta'])
  expect(market.events[0]).toMatchObject({ reason: expect.stringContaining('gap') })
  market.depth(112, 113, 111)
  await market.settle()
  expect(market.kinds().at(-1)).toBe('book-delta')
})

test('an update that comes twice is applied once', async () => {
  const market = await startLive()
  market.depth(103, 104, 102)
  market.depth(103, 104, 102)
  market.depth(105, 105, 104)
  await market.settle()
  expect(market.kinds()).toEqual(['book-delta', 'book-delta'])
})

test('a lost connection loses the book, and pauses grow until the venue is back', async () => {
  const market = await startLive()
  const lostAtUs = market.network.nowUs
  market.refuse(true)
  market.cut()
  await market.settle(20 * second)
  expect(market.kinds()).toEqual(['book-lost'])
  const pausesMs = market.opened
    .slice(1)
    .map((o, i, all) => Math.round((o.atUs - (all[i - 1]?.atUs ?? lostAtUs)) / 1_000))
  expect(pausesMs.slice(0, 5)).toEqual([502, 1_002, 2_002, 4_002, 8_002])
  market.refuse(false)
  await market.settle(17 * second)
  expect(market.kinds()).toEqual(['book-lost', 'book-snapshot'])
})

test('silence for five seconds is a lost connection', async () => {
  const market = await startLive()
  await market.run(8)
  expect(market.kinds()).toEqual([])
  await market.settle(4_900_000)
  expect(market.kinds()).toEqual([])
  await market.settle(1_200_000)
  expect(market.events.at(-1)).toMatchObject({
    kind: 'book-lost',
    reason: expect.stringMatching(/no frame for \d+ ms/),
  })
})

test('trades without depth updates are a dead depth stream', async () => {
  const market = await startLive()
  market.trade(1)
  await market.run(4)
  expect(market.kinds()).toEqual(['trade'])
  await market.run(4)
  expect(market.kinds()).toEqual(['trade', 'book-lost', 'book-snapshot'])
})

test('quiet markets without trades stay live', async () => {
  const market = await startLive()
  await market.run(60)
  expect(market.kinds()).toEqual([])
})

test('after 24 hours less ten minutes a second connection takes over without a gap or a repeat', async () => {
  const market = await startLive()
  let sequence = 102
  for (let minute = 0; minute < 24 * 60; minute++) {
    market.depth(sequence + 1, sequence + 1, sequence)
    sequence++
    market.trade(minute)
    for (let n = 0; n < 15; n++) {
      market.mark()
      await runVirtual(market.network, market.network.nowUs + 4 * second)
    }
  }
  expect(market.opened).toHaveLength(2)
  expect(market.opened[1]!.atUs - exampleStartUs).toBeGreaterThan((24 * 60 - 11) * 60 * second)
  expect(market.kinds().filter((kind) => kind === 'book-lost')).toEqual([])
  const deltas = market.events.flatMap((e) => (e.kind === 'book-delta' ? [e.sequence] : []))
  expect(deltas).toEqual(Array.from({ length: 1_440 }, (_, i) => 103 + i))
  const trades = market.events.flatMap((e) => (e.kind === 'trade' ? [e.tradeId] : []))
  expect(trades).toEqual(Array.from({ length: 1_440 }, (_, i) => i))
})

test('a depth update that cannot be read loses the book and is reported', async () => {
  const market = await startLive()
  market.setSnapshot(120)
  market.garbage()
  await market.settle()
  expect(market.kinds()).toEqual(['book-lost', 'book-snapshot'])
  expect(market.faults.map((f) => f.code)).toEqual(['PRICE_OFF_GRID'])
})

test('forced orders are subscribed to and told when somebody wants them', async () => {
  const heard: Liquidation[] = []
  const market = await startLive({ onLiquidation: (liquidation) => heard.push(liquidation) })
  expect(market.opened[0]?.path).toBe(
    '/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade/btcusdt@markPrice@1s/btcusdt@forceOrder',
  )
  market.forced()
  market.forced('0')
  await market.settle()
  expect(heard).toMatchObject([{ side: 'sell', priceQuote: 99.9, sizeBase: 0.014 }])
  // One that cannot be read costs nothing but itself.
  expect(market.faults.map(({ code }) => code)).toEqual(['WIRE_SHAPE_UNKNOWN'])
  expect(market.kinds()).toEqual([])
})

test('a watch hears every message, gap, resync and reconnect by the name of its stream', async () => {
  const told: string[] = []
  const market = await startLive({
    onLiquidation: () => {},
    watch: {
      heard: (stream) => told.push(stream),
      gap: (stream) => told.push(`gap ${stream}`),
      resynced: (stream) => told.push(`resynced ${stream}`),
      reconnected: () => told.push('reconnected'),
    },
  })
  expect(told.splice(0)).toEqual(['btcusdt@depth'])
  market.trade(1)
  market.mark()
  market.forced()
  await market.settle()
  expect(told.splice(0)).toEqual(streamsOf('BTCUSDT', true).slice(1))
  market.setSnapshot(110)
  market.depth(106, 111, 105)
  await market.settle()
  expect(told.splice(0)).toEqual(['btcusdt@depth', 'gap btcusdt@depth', 'resynced btcusdt@depth'])
  market.cut()
  await market.settle(2 * second)
  expect(told.splice(0)).toEqual(['reconnected', 'resynced btcusdt@depth'])
})

test('after stop nothing is emitted and nothing reconnects', async () => {
  const market = await startLive()
  market.stream.stop()
  market.depth(103, 103, 102)
  await market.settle(60 * second)
  expect(market.events).toEqual([])
  expect(market.opened).toHaveLength(1)
})
