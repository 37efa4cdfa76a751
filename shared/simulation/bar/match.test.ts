import { expect, test } from 'vitest'
import { fillsOf, runScript } from './bar.fixture.ts'

const flat = [100, 100, 100, 100] as const

test('a market order fills at the open of the next bar, with slippage against it', () => {
  const run = runScript([flat, [101, 103, 99, 102], [104, 105, 103, 104]], {
    0: (orders) => orders.market(0, 2),
    1: (orders) => orders.market(0, -2),
  })
  expect(fillsOf(run)).toEqual([
    [1, 2, 101],
    [2, -2, 104],
  ])
  const slipped = runScript(
    [flat, [100, 100, 100, 100]],
    { 0: (orders) => orders.market(0, 2) },
    { slippageRatio: 0.001 },
  )
  expect(fillsOf(slipped)).toEqual([[1, 2, 100.1]])
  expect(slipped.record.slippage).toBeCloseTo(0.2, 12)
})

test('a touch is not a fill: price must trade one tick beyond', () => {
  const script = {
    0: (orders) => orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 99, sizeBase: 1 }),
  } satisfies Parameters<typeof runScript>[1]
  expect(fillsOf(runScript([flat, [100, 100, 99, 100]], script))).toEqual([])
  expect(fillsOf(runScript([flat, [100, 100, 98.99, 100]], script))).toEqual([[1, 1, 99]])
  expect(fillsOf(runScript([flat, [100, 100, 99, 100]], script, { throughTicks: 0 }))).toEqual([
    [1, 1, 99],
  ])
})

test('an order rests from the bar after the decision, never in the bar it was decided on', () => {
  const run = runScript([[100, 100, 90, 100], flat, [100, 100, 90, 100]], {
    0: (orders) => orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 95, sizeBase: 1 }),
  })
  expect(fillsOf(run)).toEqual([[2, 1, 95]])
})

const bracket = {
  0: (orders) => {
    orders.market(0, 1)
    const exit = { symbol: 0, side: 'sell', sizeBase: 1 } as const
    orders.stop({ ...exit, slot: 0, triggerQuote: 95 })
    orders.limit({ ...exit, slot: 1, priceQuote: 105, isReduceOnly: true })
  },
} satisfies Parameters<typeof runScript>[1]

test('a bar that crosses stop and target takes the stop', () => {
  const bars = [flat, [100, 110, 90, 108]] as const
  expect(fillsOf(runScript(bars, bracket))).toEqual([
    [1, 1, 100],
    [1, -1, 95],
  ])
  expect(fillsOf(runScript(bars, bracket, { path: 'open-high-low-close' }))[1]).toEqual([
    1, -1, 105,
  ])
  expect(fillsOf(runScript(bars, bracket, { path: 'open-low-high-close' }))[1]).toEqual([1, -1, 95])
})

test('the same for a short: the high comes first', () => {
  const run = runScript([flat, [100, 110, 90, 92]], {
    0: (orders) => {
      orders.market(0, -1)
      const exit = { symbol: 0, side: 'buy', sizeBase: 1 } as const
      orders.stop({ ...exit, slot: 0, triggerQuote: 105 })
      orders.limit({ ...exit, slot: 1, priceQuote: 95, isReduceOnly: true })
    },
  })
  expect(fillsOf(run)[1]).toEqual([1, 1, 105])
})

test('what is bought on the way down finds no high left in the same bar', () => {
  const run = runScript([flat, [100, 110, 90, 96], [96, 106, 96, 100]], {
    0: (orders) => {
      orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 95, sizeBase: 1 })
      const target = { symbol: 0, slot: 1, side: 'sell', sizeBase: 1 } as const
      orders.limit({ ...target, priceQuote: 105, isReduceOnly: true })
    },
  })
  expect(fillsOf(run)).toEqual([
    [1, 1, 95],
    [2, -1, 105],
  ])
})

test('a stop that the open jumps over fills at the open, not at the stop', () => {
  const run = runScript([flat, flat, [90, 91, 89, 90]], bracket)
  expect(fillsOf(run)[1]).toEqual([2, -1, 90])
})

test('a limit that arrives marketable takes at the open, not at its limit', () => {
  const run = runScript(
    [flat, [97, 98, 96, 97]],
    {
      0: (orders) => orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 99, sizeBase: 1 }),
    },
    { takerFeeRatio: 0.001, makerFeeRatio: 0.5 },
  )
  expect(fillsOf(run)).toEqual([[1, 1, 97]])
  expect(run.record.fees).toBeCloseTo(0.097, 12)
})

test('slippage of a taking limit ends at its limit', () => {
  const run = runScript(
    [flat, [98.99, 99, 98, 99]],
    {
      0: (orders) => orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 99, sizeBase: 1 }),
    },
    { slippageRatio: 0.01 },
  )
  expect(fillsOf(run)).toEqual([[1, 1, 99]])
})

test('a resting limit that the open jumps over fills at its own price, or at the open when asked', () => {
  const bars = [flat, flat, [90, 91, 89, 90]] as const
  const script = {
    0: (orders) => orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 99, sizeBase: 1 }),
  } satisfies Parameters<typeof runScript>[1]
  expect(fillsOf(runScript(bars, script))).toEqual([[2, 1, 99]])
  expect(fillsOf(runScript(bars, script, { gapFill: 'open' }))).toEqual([[2, 1, 90]])
})

test('a post-only order that would take on arrival is refused', () => {
  const run = runScript([flat, [98, 100, 90, 98]], {
    0: (orders) => {
      const order = { symbol: 0, slot: 0, side: 'buy', priceQuote: 99, sizeBase: 1 } as const
      orders.limit({ ...order, isPostOnly: true })
    },
  })
  expect(fillsOf(run)).toEqual([])
  expect(run.record.refusedPostOnly).toBe(1)
})

test('a bar without volume fills nothing', () => {
  const run = runScript([flat, [100, 100, 80, 100, 0], [100, 100, 100, 100]], {
    0: (orders) => {
      orders.market(0, 1)
      orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 90, sizeBase: 1 })
    },
  })
  expect(fillsOf(run)).toEqual([[2, 1, 100]])
})

test('a reduce-only order fills no more than there is to reduce', () => {
  const run = runScript([flat, [100, 106, 100, 106], [106, 120, 106, 106]], {
    0: (orders) => {
      orders.market(0, 1)
      const exit = { symbol: 0, slot: 0, side: 'sell', priceQuote: 105, sizeBase: 3 } as const
      orders.limit({ ...exit, isReduceOnly: true })
    },
  })
  expect(fillsOf(run)).toEqual([
    [1, 1, 100],
    [1, -1, 105],
  ])
})

test('more than the buying power is refused, closing never is', () => {
  const run = runScript(
    [flat, flat, flat],
    { 0: (orders) => orders.market(0, 21), 1: (orders) => orders.market(0, 19) },
    { startEquityQuote: 1_000, leverage: 2 },
  )
  expect(fillsOf(run)).toEqual([[2, 19, 100]])
  expect(run.record.refusedMargin).toBe(1)
})

test('prices are rounded to the tick against the order, sizes down to the lot', () => {
  const run = runScript([flat, [100, 102, 98, 100]], {
    0: (orders) => {
      orders.limit({ symbol: 0, slot: 0, side: 'buy', priceQuote: 99.009, sizeBase: 1.0009 })
      orders.limit({ symbol: 0, slot: 1, side: 'sell', priceQuote: 101.001, sizeBase: 1 })
    },
  })
  expect(fillsOf(run)).toEqual([
    [1, -1, 101.01],
    [1, 1, 99],
  ])
})
