const minus = '−'
const quoteAssets = ['USDT', 'USDC', 'USDF', 'USD1', 'FDUSD', 'USD', 'BTC', 'ETH', 'BNB']

/** Splits a symbol by its quote asset, so that numbers can carry their unit. */
export function assetsOf(symbol: string): { readonly base: string; readonly quote: string } {
  // The spot leg of a carry is named after its coin.
  if (symbol.endsWith('SPOT')) return { base: symbol.slice(0, -4), quote: 'USDT' }
  const quote = quoteAssets.find((name) => symbol.endsWith(name) && symbol.length > name.length)
  return quote
    ? { base: symbol.slice(0, -quote.length), quote }
    : { base: symbol, quote: 'quote units' }
}

/** Digits after the point that a float needs, at most 8. */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals < 8; decimals++)
    if (Math.abs(Number(value.toFixed(decimals)) - value) < 1e-9) return decimals
  return 8
}

export function numberText(value: number, decimals: number): string {
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return value < 0 && /[1-9]/.test(text) ? minus + text : text
}

/** With its sign, so that colour is never the only one; exactly nothing has none. */
export function signedText(value: number, decimals: number): string {
  const text = numberText(value, decimals)
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text
}

/** Money of any magnitude in four significant places or cents, whichever is finer. */
export const moneyDecimals = (value: number): number => (Math.abs(value) < 100 ? 4 : 2)

export const percentText = (ratio: number, decimals: number): string =>
  `${signedText(ratio * 100, decimals)} %`

export const timeText = (atUs: number): string => new Date(atUs / 1e3).toISOString().slice(11, 19)

export const timeMsText = (atUs: number): string => new Date(atUs / 1e3).toISOString().slice(11, 23)

/** `H:MM:SS` until a moment; undefined once it has passed. */
export function countdownText(untilUs: number): string | undefined {
  if (untilUs < 0) return undefined
  const seconds = Math.floor(untilUs / 1e6)
  const two = (count: number) => String(count).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** `M:SS` of a time that is left, rounded up; undefined once nothing is. */
export function minutesText(leftMs: number): string | undefined {
  if (leftMs <= 0) return undefined
  const seconds = Math.ceil(leftMs / 1e3)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export const sideLetter = (side: string): string => (side === 'buy' ? 'B' : 'S')

/** Kind of strategy: `glft:BTCUSDT` is `glft`; the symbol has a column of its own. */
export const strategyText = (strategy: string): string => strategy.split(':')[0]!

/** A settlement interval in the largest unit that fits it. */
export function intervalText(hours: number): string {
  if (hours >= 1) return `${numberText(hours, decimalsOf(hours))} h`
  const seconds = Math.round(hours * 3600)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

export type Tone = 'up' | 'down' | 'muted' | 'warn' | 'plain'

export const sideTone = (side: string): Tone => (side === 'buy' ? 'up' : 'down')

export const signTone = (value: number): Tone => (value > 0 ? 'up' : value < 0 ? 'down' : 'plain')
