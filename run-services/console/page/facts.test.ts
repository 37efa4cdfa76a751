import { expect, test } from 'vitest'
import { type ConsoleState, emptyState } from '../state.ts'
import { factsOf } from './facts.ts'

const limits = {
  positionRatioMax: 0.05,
  concentrationRatioMax: 0.3,
  leverageMax: 3,
  dailyLossRatioMax: 0.025,
  drawdownRatioMax: 0.15,
}
const line = (symbol: string, size: number) => ({
  strategy: 'glft',
  symbol,
  size,
  entryPrice: null,
  markPrice: null,
  unrealisedPnl: null,
})
const state = (positions: ConsoleState['positions']): ConsoleState => ({
  ...emptyState(),
  positions,
  trading: {
    mode: 'live',
    isKilled: true,
    reason: 'drawdown',
    workingOrders: 2,
    limits: { current: limits, ceiling: limits },
  },
})
const textOf = (facts: ReturnType<typeof factsOf>, label: string) =>
  facts.find((fact) => fact.label === label)?.text

test('a resume shows the money at risk, why trading stopped, and what limits hold', () => {
  const facts = factsOf('resume', state([line('BTCUSDT', -0.007)]), true, undefined)
  expect(facts.map(({ label, text }) => `${label}: ${text.replaceAll('\u00a0', ' ')}`)).toEqual([
    'At risk: LIVE: real money',
    'Stopped because: drawdown',
    'Equity: not reported yet',
    'Open positions: −0.007 BTC',
    'Limits: leverage ≤ 3, position ≤ 5 % of equity, loss of a day ≤ 2.5 %, drawdown ≤ 15 %',
  ])
})

test('positions beyond four are counted, and none is said as none', () => {
  const many = ['A', 'B', 'C', 'D', 'E', 'F'].map((coin) => line(`${coin}USDT`, 1))
  expect(textOf(factsOf('kill', state(many), true, undefined), 'Open positions')).toBe(
    '+1 A, +1 B, +1 C, +1 D and 2 more',
  )
  expect(textOf(factsOf('kill', state([line('X', 0)]), true, undefined), 'Open positions')).toBe(
    'none',
  )
})

test('what nobody has reported is not shown as nothing', () => {
  const facts = factsOf('kill', emptyState(), false, undefined)
  expect(facts.map(({ text }) => text)).toEqual(['not reported yet', 'not reported yet'])
})
