import type { Instrument } from '#shared/market/instrument.ts'
import { type SideBook, visibleLots } from '#shared/simulation/level-book.ts'
import { priceText, sizeText } from './wire.ts'

export type WireLevel = readonly [price: string, quantity: string]

/** Visible levels of a side from the best outwards. */
export function wireLevels(instrument: Instrument, book: SideBook, levelsMax: number): WireLevel[] {
  const levels: WireLevel[] = []
  for (let index = book.keys.length - 1; index >= 0 && levels.length < levelsMax; index--) {
    const priceTicks = (book.keys[index] ?? 0) * book.sign
    const level = book.byPrice.get(priceTicks)
    const lots = level ? visibleLots(level) : 0
    if (lots > 0) levels.push([priceText(instrument, priceTicks), sizeText(instrument, lots)])
  }
  return levels
}

/** Best visible level of a side. Levels without size do not stay in the book, so the first one counts. */
export const wireBest = (instrument: Instrument, book: SideBook): WireLevel =>
  wireLevels(instrument, book, 1)[0] ?? [priceText(instrument, 0), sizeText(instrument, 0)]
