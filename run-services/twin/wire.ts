import { decimalFromQuoteE8, decimalFromScaled, divideRounded } from '#shared/kernel/decimal.ts'
import type { Instrument } from '#shared/market/instrument.ts'

/** Whole units of 10^-decimals as text; the quick twin of the exact one, for safe non-negative integers. */
function decimalText(units: number, decimals: number): string {
  const digits = String(units)
  if (decimals === 0) return digits
  const padded = digits.length > decimals ? digits : digits.padStart(decimals + 1, '0')
  return `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
}

export const priceText = ({ priceGrid }: Instrument, priceTicks: number): string =>
  decimalText(priceTicks * priceGrid.step, priceGrid.decimals)

export const sizeText = ({ sizeGrid }: Instrument, sizeLots: number): string =>
  sizeLots < 0
    ? `-${decimalText(-sizeLots * sizeGrid.step, sizeGrid.decimals)}`
    : decimalText(sizeLots * sizeGrid.step, sizeGrid.decimals)

export const moneyText = decimalFromQuoteE8

export const priceE8Text = (priceE8: number): string => decimalText(priceE8, 8)

export const rateText = (rate: number): string => rate.toFixed(8)

/** Average price of `amountE8` over `sizeLots`; `0` when there are none. */
export function averagePriceText(
  { sizeGrid }: Instrument,
  amountE8: bigint,
  sizeLots: number,
  decimals: number,
): string {
  if (sizeLots === 0) return decimalFromScaled(0n, decimals)
  const scale = 10n ** BigInt(sizeGrid.decimals + decimals - 8)
  const lots = BigInt(sizeLots) * BigInt(sizeGrid.step)
  return decimalFromScaled(divideRounded(amountE8 * scale, lots), decimals)
}

export const millis = (timeUs: number): number => Math.floor(timeUs / 1_000)
