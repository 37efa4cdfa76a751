import type { Timer } from '#shared/market/event.ts'
import { updateFeatures } from '#shared/signal/feature/feature-state.ts'
import { equityE8, noteFundingHolders, unassigned } from '../ledger/ledger.ts'
import { watchEquity } from '../risk/watch.ts'
import { createDesire, touch } from './desire.ts'
import { followDesire, isUnsettled } from './follow.ts'
import { kill } from './kill.ts'
import { accrueLegs } from './legs.ts'
import { setPulled } from './on-market-event.ts'
import { isQuiet, isTrading, markPriceE8, type TraderOutput, type TraderState } from './trader.ts'

/** What has to happen although nothing happened: freshness, portfolio stops, questions, retries, schedules. */
export function onTimer(state: TraderState, timer: Timer, out: TraderOutput): void {
  state.features.forEach((features, id) => {
    updateFeatures(features, timer, state.books[id]!)
  })
  noteSettlements(state)
  pullStale(state)
  watchPortfolio(state, out)
  askAboutOrders(state, out)
  renewDeadMan(state, out)
  for (const seat of state.seats) {
    accrueLegs(state, seat)
    seat.strategy.on(timer, seat.view, seat.wants)
    for (const desire of seat.board.places)
      if (desire && isUnsettled(state, desire)) touch(seat.board, desire)
  }
  if (state.isFlattening) flatten(state, out)
}

/** Funding belongs to whoever held the position when it settled, not when the payment was told. */
function noteSettlements(state: TraderState): void {
  state.marks.forEach((mark, id) => {
    if (!mark || mark.nextFundingTimeUs === 0 || state.nowUs < mark.nextFundingTimeUs) return
    if (state.settledUs[id] === mark.nextFundingTimeUs) return
    state.settledUs[id] = mark.nextFundingTimeUs
    noteFundingHolders(state.ledger, id)
  })
}

function pullStale(state: TraderState): void {
  for (const { id } of state.config.instruments) {
    const isFresh = state.nowUs - state.seenUs[id]! <= state.config.staleAfterUs
    setPulled(state, id, !(isFresh && state.books[id]!.isLive))
  }
}

function watchPortfolio(state: TraderState, out: TraderOutput): void {
  const equity = equityE8(state.ledger, (id) => markPriceE8(state, id))
  if (equity === undefined) return
  for (const seat of state.seats)
    seat.capitalE8 = state.allocation.capitalE8(seat.strategy.name, equity)
  if (!isTrading(state)) return
  const reason = watchEquity(state.watch, equity, state.nowUs, state.limits)
  if (reason) kill(state, reason, 'timer', out)
}

/** Orders with an open question are asked about; the answer comes back as a report. */
function askAboutOrders(state: TraderState, out: TraderOutput): void {
  for (const entry of state.desk.open.values()) {
    if (state.nowUs < entry.queryAtUs) continue
    entry.queryCount++
    // Until the answer, do not ask again sooner than the patience doubles.
    entry.queryAtUs = state.nowUs + Math.min(1_000_000 * 2 ** entry.queryCount, 10_000_000)
    const { instrumentId, clientOrderId } = entry.order
    out.intents.push({ kind: 'query', instrumentId, clientOrderId })
  }
}

/** Renewed at a quarter of its time, so three renewals may be lost before the venue acts. */
function renewDeadMan(state: TraderState, out: TraderOutput): void {
  const { deadManMs, instruments } = state.config
  if (deadManMs === 0 || !state.isStarted) return
  if (state.isStopping) return disarmDeadMan(state, out)
  if (state.nowUs - state.deadManArmedUs < (deadManMs * 1_000) / 4) return
  state.deadManArmedUs = state.nowUs
  for (const { id } of instruments)
    out.intents.push({ kind: 'arm-dead-man', instrumentId: id, countdownMs: deadManMs })
}

/** Only once nothing rests any more: until then the switch is what stands between us and a lost cancel. */
function disarmDeadMan(state: TraderState, out: TraderOutput): void {
  if (!isQuiet(state) || state.deadManArmedUs === Number.NEGATIVE_INFINITY) return
  state.deadManArmedUs = Number.NEGATIVE_INFINITY
  for (const { id } of state.config.instruments)
    out.intents.push({ kind: 'arm-dead-man', instrumentId: id, countdownMs: 0 })
}

/** Closes every sub-book by taking, at most 1 % through the best price. */
function flatten(state: TraderState, out: TraderOutput): void {
  for (const [strategy, books] of state.ledger.subBooks) {
    for (const [id, { position }] of books) {
      const book = state.books[id]!
      if (position.lots === 0 || !book.isLive) continue
      const key = `${strategy}/${id}`
      const desire =
        state.flattenDesires.get(key) ?? createDesire(strategy || unassigned, id, 'target')
      state.flattenDesires.set(key, desire)
      desire.isWanted = true
      desire.targetLots = 0
      desire.reason = 'flatten'
      desire.priceTicks =
        position.lots > 0
          ? Math.ceil(book.bestBidTicks * 0.99)
          : Math.floor(book.bestAskTicks * 1.01)
      followDesire(state, desire, 'timer', out)
    }
  }
}
