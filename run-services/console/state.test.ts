import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EquityMessage, EquityRow, OrderMessage } from '#shared/cloud/message.ts'
import { addTradeToCandles, type ConsoleCandle } from './candle.ts'
import { addEquityPoints, emptyEquityCurve } from './equity-curve.ts'
import { applyMessage, type ConsoleMessage, emptyState, stateLimits } from './state.ts'

const order = (id: string, state: string, runId = 'run-1'): ConsoleMessage => {
  const message: OrderMessage = {
    run_id: runId,
    client_order_id: id,
    strategy: 'glft',
    symbol: 'BTCUSDT',
    side: 'buy',
    time_in_force: 'GTX',
    price: 100,
    size: 1,
    filled_size: 0,
    state,
    reason: '',
    recorded_at: 1,
  }
  return { topic: 'orders', message }
}

const equity = (atSeconds: number, pnl: string, runId = 'run-1'): ConsoleMessage => {
  const row: EquityRow = {
    run_id: runId,
    epoch: 1,
    strategy: 'total',
    recorded_at: atSeconds * 1e6,
    equity: '100.00000000',
    pnl,
    spread_pnl: '0.00000000',
    price_pnl: '0.00000000',
    fees: '0.00000000',
    funding: '0.00000000',
  }
  const trading = { mode: 'paper', isKilled: false, reason: '', workingOrders: 0 } as const
  const message: EquityMessage = { rows: [row], positions: [], trading }
  return { topic: 'equity', message }
}

const trade = (atSeconds: number, price: number, size = 1): ConsoleMessage => ({
  topic: 'market',
  message: { kind: 'trade', symbol: 'BTCUSDT', at: atSeconds * 1e6, price, size, aggressor: 'buy' },
})

const stateAfter = (...messages: ConsoleMessage[]) => {
  const state = emptyState()
  for (const message of messages) applyMessage(state, message)
  return state
}

describe('orders', () => {
  test.each(['pending', 'working', 'canceling', 'unknown'])('%s may still fill', (word) => {
    expect(Object.keys(stateAfter(order('a', word)).workingOrders)).toEqual(['a'])
  })

  test.each(['filled', 'canceled', 'expired', 'refused'])('%s ends an order', (word) => {
    const state = stateAfter(order('a', 'working'), order('a', word))
    expect(state.workingOrders).toEqual({})
    expect(state.closedOrders.map((closed) => closed.state)).toEqual([word])
  })

  test('a late acknowledgement does not bring an ended order back', () => {
    const state = stateAfter(order('a', 'filled'), order('a', 'working'))
    expect(state.workingOrders).toEqual({})
  })

  test('a new run begins without the orders and equity of the old one', () => {
    const state = stateAfter(order('a', 'working'), equity(1, '1'), order('b', 'working', 'run-2'))
    expect(Object.keys(state.workingOrders)).toEqual(['b'])
    expect(state.equityRows).toEqual([])
    expect(state.runId).toBe('run-2')
  })
})

const prediction = (symbol: string, atUs: number, runId = 'run-1'): ConsoleMessage => ({
  topic: 'predictions',
  message: {
    run_id: runId,
    model_id: 'direction-a',
    symbol,
    predicted_at: atUs,
    received_at: atUs + 20_000,
    horizon_seconds: 10,
    probability_down: 0.2,
    probability_flat: 0.5,
    probability_up: 0.3,
    latency_ms: 20,
  },
})

describe('predictions', () => {
  test('the newest of each symbol is kept', () => {
    const state = stateAfter(
      prediction('BTCUSDT', 1),
      prediction('ETHUSDT', 2),
      prediction('BTCUSDT', 3),
    )
    const times = Object.values(state.predictions).map(({ predicted_at }) => predicted_at)
    expect(times).toEqual([3, 2])
  })

  test('a new run begins without the answers of the old one, but with its model', () => {
    const state = stateAfter(
      { topic: 'model', message: { kind: 'none' } },
      prediction('BTCUSDT', 1),
      prediction('ETHUSDT', 2, 'run-2'),
    )
    expect(Object.keys(state.predictions)).toEqual(['ETHUSDT'])
    expect(state.model).toEqual({ kind: 'none' })
  })

  test('symbols are bounded', () => {
    const many = Array.from({ length: 200 }, (_, index) => prediction(`S${index}USDT`, index))
    expect(Object.keys(stateAfter(...many).predictions)).toHaveLength(stateLimits.symbolsMax)
  })
})

test('whatever arrives, no list grows past its limit', () => {
  const state = emptyState()
  const anyMessage = fc.oneof(
    fc
      .tuple(fc.nat(3_000), fc.constantFrom('working', 'filled'))
      .map(([id, s]) => order(`${id}`, s)),
    fc.tuple(fc.nat(9_000), fc.integer({ min: 1, max: 9 })).map(([at, p]) => trade(at, p)),
    fc.nat(9_000).map((at) => equity(at, '0')),
  )
  fc.assert(
    fc.property(fc.array(anyMessage, { minLength: 200, maxLength: 400 }), (messages) => {
      for (const message of messages) applyMessage(state, message)
      const symbol = state.symbols.BTCUSDT
      expect(Object.keys(state.workingOrders).length).toBeLessThanOrEqual(
        stateLimits.workingOrdersMax,
      )
      expect(state.closedOrders.length).toBeLessThanOrEqual(stateLimits.closedOrdersMax)
      expect(symbol?.trades.length ?? 0).toBeLessThanOrEqual(stateLimits.tradesMax)
      expect(symbol?.candles5s.length ?? 0).toBeLessThanOrEqual(stateLimits.candlesMax)
    }),
    { numRuns: 60 },
  )
})

test('the state survives the trip through JSON', () => {
  const state = stateAfter(order('a', 'working'), trade(7, 3), equity(1, '0.5'))
  expect(JSON.parse(JSON.stringify(state))).toEqual(state)
})

describe('candles', () => {
  test('highs, lows, closes and volumes of two bars', () => {
    const { candles5s } = stateAfter(
      trade(10, 100, 1),
      trade(11, 103, 2),
      trade(14.9, 99, 3),
      trade(15, 101, 4),
    ).symbols.BTCUSDT!
    expect(candles5s).toEqual([
      { openAtSeconds: 10, open: 100, high: 103, low: 99, close: 99, volume: 6 },
      { openAtSeconds: 15, open: 101, high: 101, low: 101, close: 101, volume: 4 },
    ])
  })

  test('bars stay in order and hold every traded unit, whatever the order of the trades', () => {
    const prints = fc.array(fc.record({ at: fc.nat(300), price: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 80,
    })
    fc.assert(
      fc.property(prints, (list) => {
        const candles: ConsoleCandle[] = []
        for (const { at, price } of list)
          addTradeToCandles(candles, { atUs: at * 1e6, price, size: 1 }, 5, 500)
        const times = candles.map((candle) => candle.openAtSeconds)
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
        expect(candles.reduce((sum, { volume }) => sum + volume, 0)).toBe(list.length)
        for (const { open, high, low, close } of candles) {
          expect(low).toBeLessThanOrEqual(Math.min(open, close))
          expect(high).toBeGreaterThanOrEqual(Math.max(open, close))
        }
      }),
    )
  })
})

describe('equity curve', () => {
  const point = (strategy: string) => [{ strategy, equity: 1, pnl: 0 }]

  test('every series is as long as the time axis, also one that begins late', () => {
    const curve = emptyEquityCurve()
    addEquityPoints(curve, 1, point('total'), 100)
    addEquityPoints(curve, 2, point('grid'), 100)
    expect(curve.atSeconds).toEqual([1, 2])
    expect(curve.equity).toEqual({ total: [1, null], grid: [null, 1] })
  })

  test('a silence becomes a gap and not a line', () => {
    const curve = emptyEquityCurve()
    addEquityPoints(curve, 1, point('total'), 100)
    addEquityPoints(curve, 60, point('total'), 100)
    expect(curve.equity.total).toEqual([1, null, 1])
  })

  test('thinning keeps the newest point, the gaps and a rising time axis', () => {
    const curve = emptyEquityCurve()
    for (let at = 1; at <= 1_000; at++)
      addEquityPoints(curve, at === 500 ? 5_000 : at < 500 ? at : at + 5_000, point('total'), 50)
    expect(curve.atSeconds.length).toBeLessThanOrEqual(51)
    expect(curve.atSeconds.at(-1)).toBe(6_000)
    expect(curve.equity.total).toContain(null)
    expect(curve.atSeconds).toEqual([...curve.atSeconds].sort((a, b) => a - b))
  })
})

test('after midnight UTC the last row of the old day is what today is counted from', () => {
  const state = stateAfter(equity(86_399, '5'), equity(86_400, '6'), equity(86_401, '7'))
  expect(state.dayOpen?.pnl).toBe('5')
})
