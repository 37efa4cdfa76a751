import { expect, test } from 'vitest'
import { decimalFromSteps } from '#shared/kernel/decimal.ts'
import { applyDelta, applySnapshot, createBook, markLost } from '#shared/market/book.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { decimalFromTicks } from '#shared/market/instrument.ts'
import type { MarketSource } from '#shared/simulation/market-source.ts'
import { exampleStartUs } from '#shared/venue/aster/fixture.ts'
import { createWorld, isUserStream } from './aster-world.ts'

test('start reports wallet and positions, then both streams come up and the book is live', async () => {
  const world = await createWorld()
  await world.until(world.venue.start(world.instruments))
  expect(world.of('balance-report')).toMatchObject([
    { walletE8: 10_000_000_000_000n, accountId: 0 },
  ])
  expect(world.of('position-report')).toMatchObject([{ positionLots: 0, entryCostE8: 0n }])
  await world.run(3)
  expect(world.of('user-stream')).toMatchObject([{ isUp: true }])
  expect(world.of('book-snapshot')).toHaveLength(1)
  expect(world.of('book-delta').length).toBeGreaterThan(10)
  expect(world.of('trade').length).toBeGreaterThan(1)
  expect(world.of('mark-price').length).toBeGreaterThan(1)
  expect(world.of('book-lost')).toEqual([])
  expect(world.faults).toEqual([])
})

test('listings carry the account’s own fees and the venue’s funding interval', async () => {
  const world = await createWorld({ symbols: ['BTCUSDT', 'BTCSPOT'] })
  expect(world.instruments).toMatchObject([
    {
      symbol: 'BTCUSDT',
      kind: 'perpetual',
      makerFeePpm: 100,
      takerFeePpm: 350,
      fundingIntervalHours: 8,
    },
    { symbol: 'BTCSPOT', kind: 'spot', fundingIntervalHours: undefined },
  ])
})

test('what was read is what the exchange has: the same filters, field by field', async () => {
  const world = await createWorld()
  expect(world.instruments[0]).toEqual({ ...world.twin.exchange.state.markets[0]?.instrument })
})

test('a passive order is accepted, rests, and a cancel closes it', async () => {
  const world = await createWorld()
  await world.start()
  const id = world.place({
    side: 'buy',
    priceTicks: world.best('bid') - 5_000,
    timeInForce: 'GTX',
  })
  await world.run(1)
  expect(world.account().openOrders.size).toBe(1)
  expect(new Set(world.storyOf(id))).toEqual(new Set(['order-accepted']))
  world.send({ kind: 'cancel', instrumentId: 0, clientOrderId: id })
  await world.run(1)
  expect(world.account().openOrders.size).toBe(0)
  expect(world.of('order-closed')[0]).toMatchObject({
    clientOrderId: id,
    status: 'canceled',
    filledLots: 0,
  })
  world.send({ kind: 'cancel', instrumentId: 0, clientOrderId: id })
  await world.run(1)
  expect(world.of('cancel-refused')).toMatchObject([{ clientOrderId: id, code: -2011 }])
})

test('a taking order fills, with fee and side, and the books agree with the venue to the last unit', async () => {
  const world = await createWorld()
  await world.start()
  const buy = world.place({
    side: 'buy',
    priceTicks: world.best('ask') + 50,
    timeInForce: 'IOC',
  })
  await world.run(1)
  expect(world.of('fill').length).toBeGreaterThan(0)
  expect(world.of('fill')[0]).toMatchObject({
    clientOrderId: buy,
    side: 'buy',
    liquidity: 'taker',
    instrumentId: 0,
  })
  expect(world.of('fill')[0]!.feeE8).toBeGreaterThan(0n)
  expect(world.of('order-closed')[0]).toMatchObject({
    clientOrderId: buy,
    status: 'filled',
    filledLots: 5,
  })
  world.place({
    side: 'sell',
    priceTicks: world.best('bid') - 50,
    timeInForce: 'IOC',
    sizeLots: 3,
  })
  await world.run(1)
  expect(world.booked()).toEqual(world.actual())
  expect(world.booked().positions).toEqual([2])
  expect(world.of('balance-report').at(-1)).toMatchObject({ walletE8: world.account().walletE8 })
})

test('orders that may not rest say so: IOC without a counterparty and a crossing post-only expire', async () => {
  const world = await createWorld()
  await world.start()
  const ioc = world.place({
    side: 'buy',
    priceTicks: world.best('bid') - 5_000,
    timeInForce: 'IOC',
  })
  const gtx = world.place({
    side: 'buy',
    priceTicks: world.best('ask') + 100,
    timeInForce: 'GTX',
  })
  await world.run(1)
  for (const id of [ioc, gtx])
    expect(world.of('order-closed').find((e) => e.clientOrderId === id)).toMatchObject({
      status: 'expired',
      filledLots: 0,
    })
})

test('an order that breaks a filter is refused with the venue’s code', async () => {
  const world = await createWorld()
  await world.start()
  const id = world.place({ side: 'buy', priceTicks: world.best('bid') * 2 })
  await world.run(1)
  expect(world.storyOf(id)).toEqual(['order-refused'])
  expect(world.of('order-refused')[0]!.code).toBeLessThan(-1_000)
})

test('orders of an older run are canceled at start, and their fills are history', async () => {
  const world = await createWorld()
  await world.start()
  const old = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  world.place({ side: 'buy', priceTicks: world.best('ask') + 50, timeInForce: 'IOC' })
  await world.run(1)
  await world.venue.stop()
  world.events.length = 0
  await world.start()
  expect(world.account().openOrders.size).toBe(0)
  expect(world.of('fill')).toEqual([])
  expect(world.of('position-report')[0]).toMatchObject({ positionLots: 5 })
  expect(world.of('position-report')[0]!.entryCostE8).toBe(world.account().positions[0]!.costE8)
  expect(world.storyOf(old).filter((kind) => kind === 'order-closed').length).toBeLessThanOrEqual(1)
})

test.each(['drop', 'lose'] as const)(
  'a placing whose reply never came (%s) is unknown, and a query settles it for good',
  async (fate) => {
    const world = await createWorld()
    await world.start()
    world.meddling.passesFrame = (path) => !isUserStream(path)
    world.meddling.onHttp = ({ method, path }) =>
      method === 'POST' && path.endsWith('/order') ? fate : undefined
    const id = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
    await world.run(11)
    expect(world.storyOf(id)).toEqual(['order-unknown'])
    world.meddling.onHttp = () => undefined
    world.send({ kind: 'query', instrumentId: 0, clientOrderId: id })
    await world.run(1)
    expect(world.of('order-report')).toMatchObject([
      { clientOrderId: id, status: fate === 'lose' ? 'working' : 'absent' },
    ])
    // Placing is never sent twice.
    expect(world.requests.filter((r) => r.name === 'POST order')).toHaveLength(1)
    expect(world.requests.some((r) => r.name === 'POST noop')).toBe(fate === 'drop')
  },
)

test('an absent order stays absent: its late request is refused by the venue', async () => {
  const world = await createWorld()
  await world.start()
  let late: Parameters<typeof world.twin.handleHttp>[0] | undefined
  world.meddling.onHttp = (request) => {
    if (request.method !== 'POST' || !request.path.endsWith('/order')) return undefined
    late = request
    return 'drop'
  }
  const id = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  await world.run(11)
  world.meddling.onHttp = () => undefined
  world.send({ kind: 'query', instrumentId: 0, clientOrderId: id })
  await world.run(1)
  expect(world.of('order-report')).toMatchObject([{ status: 'absent' }])
  const reply = world.twin.handleHttp(late!)
  expect(reply).toMatchObject({ status: 400, body: expect.stringContaining('-4225') })
  expect(world.account().openOrders.size).toBe(0)
})

test('503 on a placing is unknown, whether or not it was carried out', async () => {
  const world = await createWorld({ faults: { lostBefore: 0.3, lostAfter: 0.4 } })
  await world.start()
  const ids = Array.from({ length: 20 }, (_, n) =>
    world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 - n }),
  )
  await world.run(2)
  const unknown = ids.filter((id) => world.storyOf(id).includes('order-unknown'))
  expect(unknown.length).toBeGreaterThan(3)
  expect(unknown.length).toBeLessThan(20)
  // The switch to cancel everything works its way through a venue that loses two requests of three.
  world.send({ kind: 'cancel-all', instrumentId: 0 })
  await world.run(10)
  expect(world.account().openOrders.size).toBe(0)
})

test('a gap in the depth stream loses the book and it comes back in sync', async () => {
  const world = await createWorld()
  await world.start()
  let swallowed = 0
  world.meddling.passesFrame = (_, frame) => !frame.includes('depthUpdate') || swallowed++ > 0
  await world.run(3)
  expect(world.of('book-lost')).toHaveLength(1)
  expect(world.of('book-snapshot')).toHaveLength(2)
  const kinds = world.events.map((e) => e.kind).filter((k) => k.startsWith('book'))
  expect(kinds.at(-1)).toBe('book-delta')
  expect(kinds.indexOf('book-lost')).toBeLessThan(kinds.lastIndexOf('book-snapshot'))
})

test('the book that the events make is the venue’s book, level by level, over gaps and cuts', async () => {
  const world = await createWorld({ faults: { depthGap: 0.02 } })
  await world.start()
  for (let n = 0; n < 4; n++) {
    await world.run(10)
    world.cut((path) => path.startsWith('/stream'))
  }
  await world.run(5)
  const book = createBook()
  const truth = new Map<number, string>()
  let compared = 0
  for (let n = 0; n < 30; n++) {
    await world.run(0.337)
    const reply = world.twin.handleHttp({
      method: 'GET',
      path: '/fapi/v3/depth?symbol=BTCUSDT&limit=1000',
      body: '',
      headers: {},
      ip: '10.0.0.2',
    })
    if (reply === 'drop') throw new Error('depth was dropped')
    const { lastUpdateId, bids, asks } = JSON.parse(reply.body)
    truth.set(lastUpdateId, JSON.stringify([bids.slice(0, 20), asks.slice(0, 20)]))
  }
  for (const event of world.events) {
    if (event.kind === 'book-snapshot') applySnapshot(book, event)
    else if (event.kind === 'book-delta') applyDelta(book, event)
    else if (event.kind === 'book-lost') markLost(book)
    else continue
    const expected = book.isLive ? truth.get(book.sequence) : undefined
    if (expected === undefined) continue
    compared++
    const side = (name: 'bid' | 'ask') => {
      const rows: [string, string][] = []
      book.forEachLevel(name, 20, (priceTicks, sizeLots) => {
        const [btc] = world.instruments
        rows.push([decimalFromTicks(btc!, priceTicks), decimalFromSteps(sizeLots, btc!.sizeGrid)])
      })
      return rows
    }
    expect(JSON.stringify([side('bid'), side('ask')])).toBe(expected)
  }
  expect(world.of('book-lost').length).toBeGreaterThan(4)
  expect(compared).toBeGreaterThan(5)
})

test('fills during a cut user stream arrive after it, each once', async () => {
  const world = await createWorld()
  await world.start()
  world.place({ side: 'buy', priceTicks: world.best('ask') + 50, timeInForce: 'IOC' })
  await world.run(1)
  const before = world.of('fill').length
  world.cut(isUserStream)
  const during = world.place({
    side: 'buy',
    priceTicks: world.best('ask') + 50,
    timeInForce: 'IOC',
  })
  await world.run(0.2)
  expect(world.of('user-stream').at(-1)).toMatchObject({ isUp: false })
  expect(world.of('fill')).toHaveLength(before)
  await world.run(5)
  expect(world.of('user-stream').at(-1)).toMatchObject({ isUp: true })
  expect(
    world
      .of('fill')
      .slice(before)
      .every((f) => f.clientOrderId === during),
  ).toBe(true)
  expect(world.booked()).toEqual(world.actual())
})

test('a fill of an order whose reply and stream were both lost is told under its name', async () => {
  const world = await createWorld()
  await world.start()
  world.meddling.onHttp = ({ method, path }) =>
    method === 'POST' && path.endsWith('/order') ? 'lose' : undefined
  world.cut(isUserStream)
  const id = world.place({
    side: 'buy',
    priceTicks: world.best('ask') + 50,
    timeInForce: 'IOC',
  })
  await world.run(5)
  expect(world.of('fill').map((f) => f.clientOrderId)).toContain(id)
  expect(world.booked()).toEqual(world.actual())
})

test('an order that died while the stream was down is reported after it', async () => {
  const world = await createWorld()
  await world.start()
  const id = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  await world.run(1)
  world.cut(isUserStream)
  world.send({ kind: 'arm-dead-man', instrumentId: 0, countdownMs: 1 })
  await world.run(5)
  expect(world.of('order-report')).toMatchObject([{ clientOrderId: id, status: 'canceled' }])
})

test('a stream that went silent without closing is found out by the lists', async () => {
  const world = await createWorld()
  await world.start()
  world.meddling.passesFrame = (path) => !isUserStream(path)
  world.place({ side: 'buy', priceTicks: world.best('ask') + 50, timeInForce: 'IOC' })
  await world.run(20)
  expect(world.of('fill')).toEqual([])
  world.meddling.passesFrame = () => true
  await world.run(60)
  expect(world.booked()).toEqual(world.actual())
  expect(world.of('user-stream').map((e) => e.isUp)).toEqual([true, false, true])
})

test('messages that come late or twice change nothing', async () => {
  const world = await createWorld({ faults: { duplicated: 0.4, reordered: 0.4 } })
  await world.start()
  for (let n = 0; n < 30; n++) {
    const side = n % 2 ? 'sell' : 'buy'
    const priceTicks = side === 'buy' ? world.best('ask') + 50 : world.best('bid') - 50
    world.place({
      side,
      priceTicks: priceTicks,
      timeInForce: 'IOC',
      sizeLots: 5 + (n % 3),
    })
    await world.run(0.5)
  }
  await world.run(2)
  const keys = world.of('fill').map((f) => `${f.instrumentId}:${f.tradeId}`)
  expect(new Set(keys).size).toBe(keys.length)
  expect(world.booked()).toEqual(world.actual())
  expect(world.of('balance-report').at(-1)?.walletE8).toBe(world.account().walletE8)
})

test('messages that never come are made up for by the lists', async () => {
  const world = await createWorld({ faults: { unsent: 0.5 } })
  await world.start()
  for (let n = 0; n < 20; n++) {
    world.place({ side: 'buy', priceTicks: world.best('ask') + 50, timeInForce: 'IOC' })
    await world.run(1)
  }
  await world.run(70)
  expect(world.booked()).toEqual(world.actual())
})

test('funding is paid exactly once per settlement and instrument, over cuts and repeats', async () => {
  const world = await createWorld({
    symbols: ['BTCUSDT', 'ETHUSDT'],
    fundingIntervalHours: 30 / 3_600,
    faults: { duplicated: 0.3, unsent: 0.3 },
  })
  await world.start()
  for (const instrumentId of [0, 1])
    world.place({
      instrumentId,
      side: 'buy',
      priceTicks: world.best('ask', instrumentId) + 100,
      timeInForce: 'IOC',
      sizeLots: 50,
    })
  for (let n = 0; n < 6; n++) {
    await world.run(50)
    world.cut(isUserStream)
  }
  await world.run(70)
  const actual = world.account().income.filter((row) => row.incomeType === 'FUNDING_FEE')
  expect(world.faults).toEqual([])
  expect(actual.length).toBeGreaterThan(15)
  expect(
    world
      .of('funding-paid')
      .map((e) => e.transactionId)
      .sort((a, b) => a - b),
  ).toEqual(actual.map((row) => row.transactionId).sort((a, b) => a - b))
  expect(world.booked()).toEqual(world.actual())
})

test('a settlement that is announced but never booked is a fault', async () => {
  const world = await createWorld({ fundingIntervalHours: 1 })
  await world.start()
  world.place({ side: 'buy', priceTicks: world.best('ask') + 100, timeInForce: 'IOC' })
  world.meddling.onHttp = ({ path }) =>
    path.startsWith('/fapi/v3/income')
      ? { status: 200, headers: {}, body: '[]', delayUs: 0 }
      : undefined
  await world.run(3_700)
  expect(world.faults.map((f) => f.code)).toEqual(['LEDGER_MISMATCH'])
})

test('a position report never runs ahead of the fills', async () => {
  const world = await createWorld()
  await world.start()
  for (let n = 0; n < 200; n++) {
    const side = n % 4 === 3 ? 'sell' : 'buy'
    const priceTicks = side === 'buy' ? world.best('ask') + 50 : world.best('bid') - 50
    world.place({ side, priceTicks: priceTicks, timeInForce: 'IOC' })
    await world.run(0.7)
    if (n % 20 === 7) world.cut(isUserStream)
  }
  await world.run(5)
  let lots = 0
  let reports = 0
  for (const event of world.events) {
    if (event.kind === 'fill') lots += event.side === 'buy' ? event.sizeLots : -event.sizeLots
    if (event.kind === 'position-report') {
      reports++
      expect(event.positionLots).toBe(lots)
    }
  }
  expect(reports).toBeGreaterThan(5)
})

test('a fill between reading positions and wallet is in neither report, or in both', async () => {
  const world = await createWorld()
  await world.start()
  let placed = 0
  world.meddling.onHttp = ({ path }) => {
    // Positions have been read, the wallet is about to be: the order lands in between.
    if (path.startsWith('/fapi/v3/balance') && placed++ < 2)
      world.place({ side: 'buy', priceTicks: world.best('ask') + 50, timeInForce: 'IOC' })
    return undefined
  }
  await world.run(70)
  expect(placed).toBeGreaterThan(2)
  let lots = 0
  for (const event of world.events) {
    if (event.kind === 'fill') lots += event.sizeLots
    if (event.kind === 'position-report') expect(event.positionLots).toBe(lots)
  }
  expect(world.of('position-report').at(-1)?.positionLots).toBe(10)
})

test('an order that the venue has forgotten is reported absent after a reconnect', async () => {
  const world = await createWorld()
  await world.start()
  const id = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  await world.run(1)
  world.meddling.onHttp = ({ method, path }) => {
    const reply = { status: 200, headers: {}, body: '[]', delayUs: 0 }
    if (path.startsWith('/fapi/v3/openOrders')) return reply
    if (method === 'GET' && path.startsWith('/fapi/v3/order?'))
      return { ...reply, status: 400, body: '{"code":-2013,"msg":"Order does not exist."}' }
    return undefined
  }
  world.cut(isUserStream)
  await world.run(5)
  expect(world.of('order-report')).toMatchObject([{ clientOrderId: id, status: 'absent' }])
})

test('after 429 nothing is sent until the venue’s pause is over, then the read succeeds', async () => {
  const world = await createWorld()
  await world.start()
  let refusedAtUs = 0
  world.meddling.onHttp = () => {
    if (refusedAtUs) return undefined
    refusedAtUs = world.network.nowUs
    return {
      status: 429,
      headers: { 'retry-after': '7' },
      body: '{"code":-1003,"msg":"Too many requests."}',
      delayUs: 0,
    }
  }
  const statement = world.venue.readAccount()
  await world.run(1)
  const refused = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  expect(await world.until(statement)).toMatchObject({
    walletE8: 10_000_000_000_000n,
    openOrders: [],
  })
  const later = world.requests.filter((r) => r.atUs > refusedAtUs)
  expect(Math.min(...later.map((r) => r.atUs)) - refusedAtUs).toBeGreaterThanOrEqual(7_000_000)
  expect(world.of('order-refused')).toMatchObject([{ clientOrderId: refused, code: 0 }])
})

test('a ban ends all traffic and is reported once', async () => {
  const world = await createWorld()
  await world.start()
  world.meddling.onHttp = () => ({
    status: 418,
    headers: {},
    body: '{"code":-1003,"msg":"banned"}',
    delayUs: 0,
  })
  const first = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  await world.run(1)
  const sent = world.requests.length
  const second = world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 })
  world.send({ kind: 'cancel-all', instrumentId: 0 })
  await world.run(120)
  expect(world.requests).toHaveLength(sent)
  expect(world.of('order-refused').map((e) => e.clientOrderId)).toEqual([first, second])
  expect(world.faults.filter((f) => f.code === 'VENUE_BANNED')).toHaveLength(1)
  expect(world.of('user-stream').at(-1)).toMatchObject({ isUp: false })
})

test('the client keeps within the limits of a strict venue', async () => {
  const world = await createWorld({ limits: { weightPerMinute: 600, ordersPerMinute: 30 } })
  await world.start()
  for (let n = 0; n < 100; n++) {
    world.place({ side: 'buy', priceTicks: world.best('bid') - 5_000 - n })
    await world.run(1)
  }
  expect(world.faults).toEqual([])
  expect(world.of('order-refused').length).toBeGreaterThan(20)
  expect(world.of('order-refused').every((e) => e.code === 0)).toBe(true)
  expect(world.of('order-accepted').length).toBeGreaterThan(30)
})

test('hours pass: listen keys are kept alive, clocks stay in step, and nothing is lost', async () => {
  const world = await createWorld({ createSources: () => [stillMarket()] })
  await world.until(world.venue.start(world.instruments))
  for (let hour = 0; hour < 3; hour++) await world.run(3_600)
  expect(world.faults).toEqual([])
  expect(world.of('user-stream')).toHaveLength(1)
  expect(world.of('book-lost')).toEqual([])
  expect(world.streams.length).toBe(2)
  expect(world.requests.filter((r) => r.name === 'PUT listenKey').length).toBe(5)
})

test('the account statement adds up: income since start is what the wallet changed by', async () => {
  const world = await createWorld({ fundingIntervalHours: 20 / 3_600 })
  await world.start()
  for (let n = 0; n < 10; n++) {
    world.place({
      side: n % 2 ? 'sell' : 'buy',
      priceTicks: n % 2 ? world.best('bid') - 50 : world.best('ask') + 50,
      timeInForce: 'IOC',
      sizeLots: n + 5,
    })
    await world.run(7)
  }
  const statement = await world.until(world.venue.readAccount())
  const change = statement.income
    .filter((row) => row.incomeType !== 'TRANSFER')
    .reduce((sum, row) => sum + row.amountE8, 0n)
  expect(statement.walletE8).toBe(10_000_000_000_000n + change)
  expect(statement.positions).toEqual([
    { symbol: 'BTCUSDT', positionLots: world.booked().positions[0] },
  ])
})

/** One book and one mark, and then nothing ever moves. */
function stillMarket(): MarketSource {
  let isDue = true
  return {
    nextTimeUs: () => (isDue ? exampleStartUs : undefined),
    advance: (_, emit) => {
      if (!isDue) return
      isDue = false
      const common = { instrumentId: 0, eventTimeUs: exampleStartUs, receiveTimeUs: exampleStartUs }
      const levels = new Int32Array([640_000, 1_000, 640_001, 1_000])
      emit({ ...common, kind: 'book-snapshot', sequence: 1, levels, bidCount: 1, askCount: 1 })
      const mark = { markPriceE8: 6_400_005_000_000, indexPriceE8: 6_400_005_000_000 }
      const nextFundingTimeUs = exampleStartUs
      emit({
        ...common,
        kind: 'mark-price',
        ...mark,
        fundingRate: 0,
        nextFundingTimeUs,
      } as MarketEvent)
    },
  }
}
