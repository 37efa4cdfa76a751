import { divideRounded } from '#shared/kernel/decimal.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import { bookIncome, markE8, positionOf, valueAtE8 } from './account.ts'
import type { ExchangeState, Market } from './state.ts'

/** Rates are published, and charged, with 8 decimals. */
const rateScale = 100_000_000

/**
 * Funding of one position: `−(lots × mark × rate)`, so longs pay when the rate is positive.
 *
 * @param valueE8 - signed position value at the mark
 * @param fundingRate - fraction of notional per interval
 */
export const fundingE8 = (valueE8: QuoteE8, fundingRate: number): QuoteE8 =>
  -divideRounded(valueE8 * BigInt(Math.round(fundingRate * rateScale)), BigInt(rateScale))

/** Charges every account when the market's funding time has come. */
export function settleFunding(state: ExchangeState, market: Market): void {
  const { instrument, fundingIntervalUs, fundingRate, nextFundingTimeUs } = market
  if (fundingIntervalUs === undefined || nextFundingTimeUs === undefined) return
  const mark = markE8(market)
  if (nextFundingTimeUs > state.nowUs) return
  const missed = Math.floor((state.nowUs - nextFundingTimeUs) / fundingIntervalUs)
  market.nextFundingTimeUs = (nextFundingTimeUs + (missed + 1) * fundingIntervalUs) as Micros
  if (mark === undefined) return

  const instrumentId = instrument.id
  const timeUs = nextFundingTimeUs
  state.sink.funding({ instrumentId, fundingRate, markPriceE8: mark, timeUs })
  for (const account of state.accounts) {
    const { lots } = positionOf(account, instrumentId)
    if (lots === 0) continue
    const amountE8 = fundingE8(valueAtE8(instrument, lots, mark), fundingRate)
    bookIncome(state, account, 'FUNDING_FEE', amountE8, { instrumentId })
    state.sink.account({
      accountIndex: account.index,
      reason: 'FUNDING_FEE',
      instrumentId: undefined,
      balanceChangeE8: amountE8,
      timeUs: state.nowUs,
    })
  }
}
