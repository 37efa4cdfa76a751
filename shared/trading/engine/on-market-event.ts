import { TradingError } from '#shared/kernel/error.ts'
import { applyDelta, applySnapshot, type Book, markLost } from '#shared/market/book.ts'
import type { BookDelta, MarketEvent } from '#shared/market/event.ts'
import type { InstrumentId } from '#shared/market/instrument.ts'
import { updateFeatures } from '#shared/signal/feature/feature-state.ts'
import { noteFundingHolders } from '../ledger/ledger.ts'
import { touch } from './desire.ts'
import type { TraderState } from './trader.ts'

/** Books, marks and features first, then the strategies that trade the instrument. */
export function onMarketEvent(state: TraderState, event: MarketEvent): void {
  const id = event.instrumentId
  const book = state.books[id]!
  state.seenUs[id] = state.nowUs

  switch (event.kind) {
    case 'book-snapshot':
      applySnapshot(book, event)
      break
    case 'book-delta':
      if (book.isSynced) applyOrLose(book, event)
      break
    case 'book-lost':
      markLost(book)
      break
    case 'mark-price':
      noteSettlement(state, id, event.nextFundingTimeUs)
      state.marks[id] = {
        markPriceE8: event.markPriceE8,
        indexPriceE8: event.indexPriceE8,
        fundingRate: event.fundingRate,
        nextFundingTimeUs: event.nextFundingTimeUs,
        receiveTimeUs: event.receiveTimeUs,
      }
      break
    case 'trade':
    case 'candle':
      break
  }
  if (book.isLive) {
    const mid = state.mids[id]!
    mid.priceTicks = (book.bestBidTicks + book.bestAskTicks) / 2
    mid.seenUs = state.nowUs
  }
  updateFeatures(state.features[id]!, event, book)
  setPulled(state, id, !book.isLive)

  for (const { strategy, view, wants } of state.seats)
    if (strategy.instrumentIds.includes(id)) strategy.on(event, view, wants)
}

/** A new settlement time means that the one before has just happened. */
function noteSettlement(state: TraderState, id: InstrumentId, nextFundingTimeUs: number): void {
  const before = state.marks[id]?.nextFundingTimeUs
  if (!before || nextFundingTimeUs <= before || state.settledUs[id] === before) return
  state.settledUs[id] = before
  noteFundingHolders(state.ledger, id)
}

/** A gap leaves the book lost; the venue client sees the same gap and brings a snapshot. */
function applyOrLose(book: Book, delta: BookDelta): void {
  try {
    applyDelta(book, delta)
  } catch (error) {
    if (!(error instanceof TradingError && error.code === 'BOOK_SEQUENCE_GAP')) throw error
  }
}

/** Pulling withdraws every order of the instrument; the desires stay and return with the book. */
export function setPulled(state: TraderState, id: InstrumentId, isPulled: boolean): void {
  if (state.isPulled[id] === isPulled) return
  state.isPulled[id] = isPulled
  for (const { board } of state.seats)
    for (const desire of board.places) if (desire?.instrumentId === id) touch(board, desire)
}
