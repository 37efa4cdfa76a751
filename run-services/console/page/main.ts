import type { ConsoleMessage } from '../state.ts'
import { createLadder, type Precision, precisionOf } from './book.ts'
import { createCandleChart } from './chart.ts'
import { mountCommands } from './command.ts'
import { byId, create, setText } from './dom.ts'
import { type Curve, createEquityChart } from './equity.ts'
import { followStream } from './feed.ts'
import { timeText } from './format.ts'
import { createFundingTable } from './funding.ts'
import { createHeader } from './header.ts'
import { createPredictions } from './predictions.ts'
import {
  createDecisionsTable,
  createFillsTable,
  createOrdersTable,
  createPositionsTable,
  createTradesTable,
} from './tables.ts'

type Topic = ConsoleMessage['topic'] | 'state' | 'choice' | 'tick'

/** Faster than this nobody reads; slower than this looks stopped. */
const drawEveryMs = 100
const staleAfterMs = 3_000
const executorStaleAfterMs = 5_000

const precisions = new Map<string, Precision>()
const readPrecision = (symbol: string): Precision => precisionOf(feed.state, symbol, precisions)

const choice: { symbol: string | undefined; interval: '5s' | '1m'; curve: Curve } = {
  // Until somebody chooses, the first tab.
  symbol: undefined,
  interval: '5s',
  curve: 'pnl',
}

const drawHeader = createHeader()
const drawLadder = createLadder()
const drawCandles = createCandleChart()
const drawEquity = createEquityChart()
const drawTrades = createTradesTable()
const drawPositions = createPositionsTable(readPrecision)
const drawOrders = createOrdersTable(readPrecision)
const drawFills = createFillsTable(readPrecision)
const drawDecisions = createDecisionsTable(readPrecision)
const drawFunding = createFundingTable(readPrecision)
const drawPredictions = createPredictions()

const dirty = new Set<Topic>(['state'])
let drawnMs = 0
const feed = followStream('/api/stream', (topic) => dirty.add(topic))

const drawCommands = mountCommands(() => feed.state)
mountChoice('interval-5s', 'interval-1m', (isFirst) => {
  choice.interval = isFirst ? '5s' : '1m'
})
mountChoice('curve-pnl', 'curve-equity', (isFirst) => {
  choice.curve = isFirst ? 'pnl' : 'equity'
})
setInterval(() => {
  dirty.add('tick')
  drawStaleness()
  drawCommands()
}, 250)
requestAnimationFrame(drawWhenDue)

function drawWhenDue(nowMs: number): void {
  if (dirty.size > 0 && nowMs - drawnMs >= drawEveryMs) {
    drawnMs = nowMs
    const changed = new Set(dirty)
    dirty.clear()
    draw(changed)
  }
  requestAnimationFrame(drawWhenDue)
}

function draw(changed: ReadonlySet<Topic>): void {
  const has = (...topics: Topic[]) =>
    changed.has('state') || topics.some((topic) => changed.has(topic))
  const { state } = feed
  const symbols = symbolsInOrder()
  const symbol = choice.symbol ?? symbols[0]
  drawTabs(symbols, symbol)
  const precision = symbol === undefined ? { price: 0, size: 0 } : readPrecision(symbol)

  if (has('equity', 'status')) drawHeader(state)
  if (has('market', 'orders', 'choice')) drawLadder(state, symbol, precision)
  if (has('market', 'orders', 'fills', 'choice'))
    drawCandles({
      state,
      generation: feed.generation,
      symbol,
      interval: choice.interval,
      priceDecimals: precision.price,
    })
  if (symbol !== undefined && has('market', 'choice')) drawTrades(state, symbol, precision)
  if (has('equity')) drawPositions(state)
  if (has('equity', 'choice')) drawEquity(state, choice.curve)
  // A new run empties the orders with its first message, whatever that is.
  if (has('orders', 'equity')) drawOrders(state)
  if (has('fills')) drawFills(state)
  if (has('decisions')) drawDecisions(state)
  if (has('market', 'funding', 'funding-intervals', 'tick')) drawFunding(state, feed.nowUs())
  const nowUs = feed.nowUs()
  if (has('predictions', 'model', 'status', 'tick')) drawPredictions(state, nowUs)
  setText(byId('clock'), nowUs === undefined ? 'no time yet' : `${timeText(nowUs)} UTC`)
}

/** Perpetuals first, for that is what is traded; a spot market is only the other leg. */
const symbolsInOrder = (): readonly string[] => {
  const isSpot = (symbol: string) => Number(feed.state.symbols[symbol]?.mark?.nextFundingAt === 0)
  return Object.keys(feed.state.symbols).sort((a, b) => isSpot(a) - isSpot(b) || a.localeCompare(b))
}

function drawTabs(symbols: readonly string[], chosen: string | undefined): void {
  const root = byId('symbols')
  if (symbols.length === 0) {
    if (root.childElementCount === 0) root.append(create('span', 'muted', 'no market data yet'))
    return
  }
  const shown = [...root.querySelectorAll('button')].map((button) => button.textContent)
  if (shown.join() !== symbols.join()) {
    const buttons = symbols.map((symbol) => {
      const button = create('button', '', symbol)
      button.type = 'button'
      button.addEventListener('click', () => {
        choice.symbol = symbol
        dirty.add('choice')
      })
      return button
    })
    root.replaceChildren(...buttons)
  }
  for (const button of root.querySelectorAll('button'))
    button.setAttribute('aria-pressed', String(button.textContent === chosen))
}

function drawStaleness(): void {
  const text = refusedText(feed.refusal) ?? stalenessText(feed.silentMs(), feed.executorSilentMs())
  const banner = byId('stale-banner')
  banner.hidden = text === undefined
  document.body.classList.toggle('stale', text !== undefined)
  if (text !== undefined) setText(banner, text)
}

const refusedText = (refusal: string | undefined): string | undefined =>
  refusal && `This page gets no data: ${refusal}. It tries again by itself.`

function stalenessText(
  silentMs: number | undefined,
  executorSilentMs: number | undefined,
): string | undefined {
  const seconds = (ms: number) => `${Math.floor(ms / 1e3)} s`
  if (silentMs !== undefined && silentMs > staleAfterMs)
    return `Data stopped: no message for ${seconds(silentMs)}. Do not trust the numbers below.`
  if (executorSilentMs !== undefined && executorSilentMs > executorStaleAfterMs)
    return `Executor silent for ${seconds(executorSilentMs)}: orders, positions and P&L below are old.`
  return undefined
}

function mountChoice(firstId: string, secondId: string, choose: (isFirst: boolean) => void): void {
  const first = byId(firstId)
  const second = byId(secondId)
  const press = (isFirst: boolean) => {
    first.setAttribute('aria-pressed', String(isFirst))
    second.setAttribute('aria-pressed', String(!isFirst))
    choose(isFirst)
    dirty.add('choice')
  }
  first.addEventListener('click', () => press(true))
  second.addEventListener('click', () => press(false))
}
