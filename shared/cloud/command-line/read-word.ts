import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'

/** The refusal of something typed; its message is one line that says what to type instead. */
export const invalidOption = (message: string): TradingError =>
  new TradingError('OPTION_INVALID', message)

/** The refusal of a line without something it needs, with an example. */
export const missingOption = (name: string, example: string): TradingError =>
  invalidOption(`${name} is missing, e.g. ${name} ${example}`)

/** `; did you mean X?`, or nothing when no word is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = suggest(word, known)
  return closest === undefined ? '' : `; did you mean ${closest}?`
}

/** @throws TradingError OPTION_INVALID that lists the choices */
export function readChoice<Word extends string>(
  word: string,
  name: string,
  known: readonly Word[],
): Word {
  const found = known.find((candidate) => candidate === word)
  if (found !== undefined) return found
  throw invalidOption(
    `${name} '${word}' is not one of ${known.join(', ')}${didYouMean(word, known)}`,
  )
}

export type Range = readonly [least: number, most: number]

/** @throws TradingError OPTION_INVALID */
export function readNumber(word: string, name: string, range?: Range): number {
  const value = /^-?(\d+(\.\d*)?|\.\d+)(e-?\d+)?$/i.test(word) ? Number(word) : Number.NaN
  const [least, most] = range ?? [-Infinity, Infinity]
  if (value >= least && value <= most) return value
  throw invalidOption(
    `${name} '${word}' is not a number${range ? ` from ${least} to ${most}` : ''}`,
  )
}

/** `2025-01-31` or `2025-01-31T12:00`, UTC, as ms since 1970. @throws TradingError OPTION_INVALID */
export function readDate(word: string, name: string): number {
  const isShaped = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(word)
  const isZoned = word.length === 10 || word.endsWith('Z')
  const ms = isShaped ? Date.parse(isZoned ? word : `${word}Z`) : Number.NaN
  // The 30th of February would become the 2nd of March.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(word.slice(0, 10))) return ms
  throw invalidOption(`${name} '${word}' is not a date; write 2025-01-31 or 2025-01-31T12:00 (UTC)`)
}

/** `NAME=VALUE`. @throws TradingError OPTION_INVALID */
export function readPair(word: string, name: string): readonly [name: string, value: string] {
  const [, left, right] = /^([A-Za-z][\w.-]*)=(.+)$/.exec(word) ?? []
  if (left === undefined || right === undefined)
    throw invalidOption(`${name} '${word}' is not NAME=VALUE`)
  return [left, right]
}
