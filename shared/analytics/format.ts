/** Shown where a figure is not defined; the reader sees that it is missing, not that it is zero. */
const missing = '–'
const minus = '−'

/** Fixed decimals with thousands separators and a real minus. */
export function decimalText(value: number | undefined, digits = 2): string {
  if (value === undefined || !Number.isFinite(value)) return missing
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`
  return value < 0 && /[1-9]/.test(text) ? minus + text : text
}

/** The same with a sign in front of gains. */
export function signedText(value: number | undefined, digits = 2): string {
  const text = decimalText(value, digits)
  return value !== undefined && value > 0 && /[1-9]/.test(text) ? `+${text}` : text
}

/** Decimals that leave a small amount visible: 2 from 100 on, 4 from 1 on, else 6. */
function digitsOf(value: number): number {
  const size = Math.abs(value)
  return size >= 100 || size === 0 ? 2 : size >= 1 ? 4 : 6
}

/** Money with as many decimals as its size needs. */
export const moneyText = (quote: number | undefined): string =>
  decimalText(quote, digitsOf(quote ?? 0))

/** The same with a sign in front of gains. */
export const signedMoneyText = (quote: number | undefined): string =>
  signedText(quote, digitsOf(quote ?? 0))

/** A ratio as a percentage; small ones get more decimals unless told how many. */
export function percentText(ratio: number | undefined, digits?: number): string {
  if (ratio === undefined) return missing
  return `${decimalText(ratio * 100, digits ?? percentDigits(ratio))} %`
}

/** A ratio as a percentage with its sign. */
export function signedPercentText(ratio: number | undefined, digits?: number): string {
  if (ratio === undefined) return missing
  return `${signedText(ratio * 100, digits ?? percentDigits(ratio))} %`
}

const percentDigits = (ratio: number): number => Math.min(6, digitsOf(ratio * 10_000))

/** `2024-07-18 00:00:01 UTC`. */
export function timeText(us: number | undefined): string {
  if (us === undefined) return missing
  return `${new Date(us / 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A price or size without trailing zeros and without rounding to fewer than ten digits. */
export function plainText(value: number | undefined): string {
  return value === undefined ? missing : String(Number(value.toPrecision(10))).replace('-', minus)
}

/** `1 s`, `1 min`, `1 h`, `1 day`. */
export function periodText(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const
  for (const [length, name] of units)
    if (seconds >= length && seconds % length === 0) {
      const count = seconds / length
      return `${count} ${name === 'day' && count > 1 ? 'days' : name}`
    }
  return `${plainText(seconds)} s`
}

/** A length of time in the unit that fits. */
export function durationText(seconds: number | undefined): string {
  if (seconds === undefined) return missing
  if (seconds < 120) return `${decimalText(seconds, 1)} s`
  if (seconds < 7_200) return `${decimalText(seconds / 60, 1)} min`
  if (seconds < 172_800) return `${decimalText(seconds / 3_600, 1)} h`
  return `${decimalText(seconds / 86_400, 1)} days`
}

/** The quote currency that all symbols end in; `quote` when they differ or it is not known. */
export function quoteUnitOf(symbols: readonly string[]): string {
  const units = new Set(symbols.map((symbol) => /(?:FDUSD|USD[A-Z1]?|BTC|ETH)$/.exec(symbol)?.[0]))
  const [unit] = units
  return units.size === 1 && unit !== undefined ? unit : 'quote'
}
