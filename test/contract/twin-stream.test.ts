import { expect, test } from 'vitest'
import { createBench } from '#services/twin/client.fixture.ts'

type Pairs = [string, string][]
type Diff = { e: string; U: number; u: number; pu: number; b: Pairs; a: Pairs }
type Snapshot = { lastUpdateId: number; bids: Pairs; asks: Pairs }

function apply(book: Map<string, string>, pairs: Pairs): void {
  for (const [price, size] of pairs) {
    if (Number(size) === 0) book.delete(price)
    else book.set(price, size)
  }
}

const sorted = (book: Map<string, string>, sign: number): Pairs =>
  [...book].sort(([a], [b]) => sign * (Number(a) - Number(b)))

test.each(['@100ms', '', '@500ms'])(
  'the documented depth sync rebuilds the REST book exactly, on depth%s',
  (speed) => {
    const bench = createBench()
    const { frames } = bench.listen(`/ws/btcusdt@depth${speed}`)
    bench.pass(1_234_000)
    const snapshot = bench.open('/depth?symbol=BTCUSDT&limit=1000').body as Snapshot
    const bids = new Map(snapshot.bids)
    const asks = new Map(snapshot.asks)
    let last: number | undefined
    let applied = 0

    while (applied < 200) {
      bench.pass(37_000)
      const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.5' }
      if (applied % 20 === 0) bench.perp.send('POST', '/order', order)
      for (const diff of frames.splice(0) as Diff[]) {
        if (diff.u < snapshot.lastUpdateId) continue
        if (last === undefined) {
          expect(diff.U).toBeLessThanOrEqual(snapshot.lastUpdateId)
          expect(diff.u).toBeGreaterThanOrEqual(snapshot.lastUpdateId)
        } else expect(diff.pu).toBe(last)
        last = diff.u
        applied++
        apply(bids, diff.b)
        apply(asks, diff.a)
      }
    }
    // To the next half second, when every stream has told everything.
    bench.pass(500_000 - (bench.nowUs() % 500_000))
    for (const diff of frames as Diff[]) {
      apply(bids, diff.b)
      apply(asks, diff.a)
    }
    const rest = bench.open('/depth?symbol=BTCUSDT&limit=1000').body as Snapshot
    expect(sorted(bids, -1)).toEqual(rest.bids)
    expect(sorted(asks, 1)).toEqual(rest.asks)
  },
)

test('a lost depth message shows as a broken chain', () => {
  const bench = createBench({ faults: { depthGap: 0.2 } })
  const { frames } = bench.listen('/ws/btcusdt@depth@100ms')
  bench.pass(5_000_000)
  const diffs = frames as Diff[]
  const breaks = diffs.filter((diff, index) => index > 0 && diff.pu !== diffs[index - 1]?.u)
  expect(breaks.length).toBeGreaterThan(0)
})

test('combined streams wrap their payloads; every public stream speaks', () => {
  const bench = createBench()
  const names = [
    'btcusdt@aggTrade',
    'btcusdt@markPrice@1s',
    'btcusdt@kline_1m',
    'btcusdt@bookTicker',
    'btcusdt@depth5@100ms',
    'btcusdt@miniTicker',
  ]
  const { frames } = bench.listen(`/stream?streams=${names.join('/')}`)
  bench.pass(61_000_000)
  const byStream = Map.groupBy(
    frames as { stream: string; data: Record<string, unknown> }[],
    (f) => f.stream,
  )
  expect([...byStream.keys()].sort()).toEqual([...names].sort())
  const marks = byStream.get('btcusdt@markPrice@1s')
  expect(marks).toHaveLength(61)
  expect(marks?.[0]?.data).toMatchObject({ e: 'markPriceUpdate', s: 'BTCUSDT' })
  const candles = byStream
    .get('btcusdt@kline_1m')
    ?.map(({ data }) => data.k as { t: number; x: boolean })
  const closed = candles?.filter(({ x }) => x)
  expect(closed).toHaveLength(1)
  const partial = byStream.get('btcusdt@depth5@100ms')?.[0]?.data as unknown as Diff
  expect([partial.b.length, partial.a.length]).toEqual([5, 5])
})

test('control frames subscribe, list and explain what is wrong with them', () => {
  const bench = createBench()
  const { frames, receive } = bench.listen('/ws')
  receive('{"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s"],"id":1}')
  receive('{"method":"LIST_SUBSCRIPTIONS","id":2}')
  receive('{"method":"SET_PROPERTY","params":["combined",true],"id":3}')
  receive('{"method":"GET_PROPERTY","params":["combined"],"id":4}')
  receive('{"method":"SET_PROPERTY","params":["combined",1],"id":5}')
  receive('{"method":"DANCE","params":[],"id":6}')
  receive('{')
  expect(frames.splice(0)).toMatchObject([
    { result: null, id: 1 },
    { result: ['btcusdt@markPrice@1s'], id: 2 },
    { result: null, id: 3 },
    { result: true, id: 4 },
    { code: 1 },
    { code: 2 },
    { code: 3 },
  ])
  bench.pass(1_000_000)
  expect(frames.splice(0)).toMatchObject([{ stream: 'btcusdt@markPrice@1s' }])
  receive('{"method":"UNSUBSCRIBE","params":["btcusdt@markPrice@1s"],"id":7}')
  bench.pass(5_000_000)
  expect(frames).toEqual([{ result: null, id: 7 }])
  for (let id = 0; id < 11; id++) receive(`{"method":"LIST_SUBSCRIPTIONS","id":${id}}`)
  expect(frames.at(-1)).toMatchObject({ closed: 1_008 })
})

test('a listen key lives an hour unless it is renewed, then its stream falls silent', () => {
  const bench = createBench({ symbols: ['ASTERUSDT'] })
  const keyOf = () =>
    (bench.perp.send('POST', '/listenKey').body as { listenKey: string }).listenKey
  const key = keyOf()
  expect(keyOf()).toBe(key)
  const { frames } = bench.listen(`/ws/${key}`)
  bench.pass(3_500_000_000)
  expect(bench.perp.send('PUT', '/listenKey').status).toBe(200)
  bench.pass(3_500_000_000)
  expect(frames).toEqual([])
  bench.pass(101_000_000)
  expect(frames).toMatchObject([{ e: 'listenKeyExpired' }])
  expect(bench.perp.send('PUT', '/listenKey').body).toMatchObject({ code: -1125 })
  expect(keyOf()).not.toBe(key)
})

test('user messages can come twice, late or never, and always the same way for one seed', () => {
  const messagesOf = (faults: object) => {
    const bench = createBench({ faults })
    bench.pass(1_000_000)
    const key = (bench.perp.send('POST', '/listenKey').body as { listenKey: string }).listenKey
    const { frames } = bench.listen(`/ws/${key}`)
    const order = {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.01',
    }
    for (let index = 0; index < 20; index++)
      bench.perp.send('POST', '/order', { ...order, price: `${63_000 + index}.0` })
    bench.pass(200_000)
    return (frames as { o: { i: number } }[]).map(({ o }) => o.i)
  }
  const usual = messagesOf({})
  expect(usual).toEqual([...usual].sort((a, b) => a - b))
  expect(usual).toHaveLength(20)
  expect(messagesOf({ duplicated: 0.3 }).length).toBeGreaterThan(20)
  expect(messagesOf({ unsent: 0.3 }).length).toBeLessThan(20)
  const late = messagesOf({ reordered: 0.3 })
  expect(late).not.toEqual(usual)
  expect([...late].sort((a, b) => a - b)).toEqual(usual)
  expect(messagesOf({ reordered: 0.3 })).toEqual(late)
})

test('same seed and same requests give the same bytes', () => {
  const runOnce = () => {
    const bench = createBench({ fundingIntervalHours: 5 / 3_600, faults: { replyDelayUs: 3_000 } })
    const key = (bench.perp.send('POST', '/listenKey').body as { listenKey: string }).listenKey
    bench.listen(`/ws/${key}`)
    bench.listen('/stream?streams=btcusdt@depth@100ms/btcspot@bookTicker/btcusdt@aggTrade')
    for (let index = 0; index < 40; index++) {
      bench.pass(251_000)
      const side = index % 3 === 0 ? 'SELL' : 'BUY'
      bench.perp.send('POST', '/order', {
        symbol: 'BTCUSDT',
        side,
        type: 'MARKET',
        quantity: '0.05',
      })
    }
    bench.perp.send('GET', '/income', { limit: 1_000 })
    bench.open('/klines?symbol=BTCUSDT&interval=5m&limit=300')
    return bench.log
  }
  const first = runOnce()
  expect(first.length).toBeGreaterThan(300)
  expect(runOnce()).toEqual(first)
})

test('candles come in order, fit their intervals, and join the live market', () => {
  const bench = createBench()
  bench.pass(125_000_000)
  type Tuple = [number, string, string, string, string, ...unknown[]]
  for (const [interval, minutes] of [
    ['1m', 1],
    ['1h', 60],
    ['4h', 240],
  ] as const) {
    const rows = bench.open(`/klines?symbol=BTCUSDT&interval=${interval}&limit=30`).body as Tuple[]
    expect(rows).toHaveLength(30)
    rows.forEach(([openTime, open, high, low, close], index) => {
      expect(openTime % (minutes * 60_000)).toBe(0)
      if (index > 0) expect(openTime - (rows[index - 1]?.[0] ?? 0)).toBe(minutes * 60_000)
      const prices = [open, high, low, close].map(Number)
      expect(Number(high)).toBe(Math.max(...prices))
      expect(Number(low)).toBe(Math.min(...prices))
    })
  }
})
