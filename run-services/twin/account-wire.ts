import { positionOf, unrealisedE8 } from '#shared/simulation/account.ts'
import { type AccountUpdate, accountOf } from '#shared/simulation/state.ts'
import { publicMarketAt, type TwinContext } from './context.ts'
import { averagePriceText, millis, moneyText, sizeText } from './wire.ts'

/** `ACCOUNT_UPDATE`. Funding of a cross position names the wallet only. */
export function describeAccountUpdate(context: TwinContext, update: AccountUpdate) {
  const account = accountOf(context.state, update.accountIndex)
  const wallet = moneyText(account.walletE8)
  const time = millis(update.timeUs)
  return {
    e: 'ACCOUNT_UPDATE',
    E: time,
    T: time,
    a: {
      m: update.reason,
      B: [{ a: 'USDT', wb: wallet, cw: wallet, bc: moneyText(update.balanceChangeE8) }],
      P: update.instrumentId === undefined ? [] : [describeMoved(update.instrumentId)],
    },
  }

  function describeMoved(instrumentId: number) {
    const { instrument, market } = publicMarketAt(context, instrumentId)
    const position = positionOf(account, instrumentId)
    return {
      s: instrument.symbol,
      pa: sizeText(instrument, position.lots),
      ep: averagePriceText(instrument, position.costE8, position.lots, 12),
      cr: moneyText(account.realisedE8[instrumentId] ?? 0n),
      up: moneyText(unrealisedE8(market, position)),
      mt: 'cross',
      iw: '0',
      ps: 'BOTH',
    }
  }
}
