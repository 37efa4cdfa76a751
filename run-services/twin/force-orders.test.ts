import { expect, test } from 'vitest'
import { transfer } from '#shared/simulation/account.ts'
import { createBench } from './client.fixture.ts'

const second = 1_000_000

type Forced = { readonly e: string; readonly E: number; readonly o: Record<string, unknown> }

/** A bench whose first account is long one bitcoin and left with too little for it. */
function benchWithDebtor() {
  const bench = createBench({ symbols: ['BTCUSDT', 'ETHUSDT'] })
  const { state } = bench.twin.exchange
  const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.5' }
  expect(bench.perp.send('POST', '/order', order).status).toBe(200)
  const ruin = () => {
    const account = state.accounts[0]
    if (account) transfer(state, 0, 10_000_000n - account.walletE8, state.nowUs)
  }
  return { bench, ruin }
}

test('a liquidation is told to everyone once, filled, with its last trade as its time', () => {
  const { bench, ruin } = benchWithDebtor()
  const own = bench.listen('/ws/btcusdt@forceOrder')
  const all = bench.listen('/stream?streams=!forceOrder@arr')
  bench.pass(3 * second)
  expect([own.frames, all.frames]).toEqual([[], []])
  ruin()
  bench.pass(5 * second)
  const [told] = own.frames as Forced[]
  expect(own.frames).toHaveLength(1)
  expect(told).toMatchObject({
    e: 'forceOrder',
    o: { s: 'BTCUSDT', S: 'SELL', o: 'LIMIT', f: 'IOC', q: '0.500', z: '0.500', X: 'FILLED' },
  })
  const { p, ap, T } = told!.o as { p: string; ap: string; T: number }
  expect(Number(p)).toBeGreaterThan(0)
  expect(Number(ap)).toBeGreaterThan(0)
  expect(T).toBeLessThanOrEqual(told!.E)
  expect(told!.E % 1_000).toBe(0)
  expect(all.frames).toEqual([{ stream: '!forceOrder@arr', data: told }])
})

test('nobody is told of a liquidation that was over before they listened', () => {
  const { bench, ruin } = benchWithDebtor()
  ruin()
  bench.pass(2 * second)
  const late = bench.listen('/ws/btcusdt@forceOrder/btcusdt@markPrice@1s')
  bench.pass(3 * second)
  expect((late.frames as Forced[]).map(({ e }) => e)).not.toContain('forceOrder')
})

test('an ordinary order of a trader is no forced order', () => {
  const { bench } = benchWithDebtor()
  const { frames } = bench.listen('/ws/!forceOrder@arr')
  bench.perp.send('POST', '/order', {
    symbol: 'BTCUSDT',
    side: 'SELL',
    type: 'MARKET',
    quantity: '0.5',
  })
  bench.pass(3 * second)
  expect(frames).toEqual([])
})
