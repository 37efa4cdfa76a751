import type { Limits } from '#shared/trading/risk/limits.ts'
import { type ConsoleState, totalOf } from '../state.ts'
import { assetsOf, decimalsOf, numberText, signedText } from './format.ts'
import type { Command, Waiting } from './operator.ts'

export type Fact = {
  readonly label: string
  readonly text: string
  readonly tone: 'plain' | 'warn'
}

const positionsShown = 4

/** What somebody should have before their eyes when they command. */
export function factsOf(
  command: Command,
  state: ConsoleState,
  isLive: boolean,
  waiting: Waiting | undefined,
): readonly Fact[] {
  const { trading } = state
  const plain = (label: string, text: string): Fact => ({ label, text, tone: 'plain' })
  const positions = plain('Open positions', positionsText(state))
  if (command !== 'resume')
    return [
      plain('Working orders', String(trading?.workingOrders ?? 'not reported yet')),
      positions,
    ]
  return [
    ...(waiting
      ? [plain('Asked by', waiting.isOwn ? `you, ${waiting.askedBy}` : waiting.askedBy)]
      : []),
    ...(waiting ? [plain('Their reason', waiting.reason)] : []),
    isLive
      ? { label: 'At risk', text: 'LIVE: real money', tone: 'warn' }
      : plain('At risk', 'paper money'),
    plain('Stopped because', trading ? trading.reason || 'no reason given' : 'not reported yet'),
    plain('Equity', equityText(state)),
    positions,
    plain('Limits', trading?.limits ? limitsText(trading.limits.current) : 'not reported yet'),
  ]
}

function equityText({ equityRows }: ConsoleState): string {
  const total = totalOf(equityRows)
  return total ? `${numberText(Number(total.equity), 2)} USDT` : 'not reported yet'
}

function positionsText({ positions, trading }: ConsoleState): string {
  if (!trading) return 'not reported yet'
  const open = positions.filter(({ size }) => size !== 0)
  if (open.length === 0) return 'none'
  const named = open
    .slice(0, positionsShown)
    .map(({ symbol, size }) => `${signedText(size, decimalsOf(size))} ${assetsOf(symbol).base}`)
  const rest = open.length - named.length
  return `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** A line break never parts a number from its sign. */
const share = (ratio: number): string =>
  `≤\u00a0${numberText(ratio * 100, decimalsOf(ratio * 100))}\u00a0%`

const limitsText = (limits: Limits): string =>
  [
    `leverage ≤\u00a0${numberText(limits.leverageMax, decimalsOf(limits.leverageMax))}`,
    `position ${share(limits.positionRatioMax)} of equity`,
    `loss of a day ${share(limits.dailyLossRatioMax)}`,
    `drawdown ${share(limits.drawdownRatioMax)}`,
  ].join(', ')
