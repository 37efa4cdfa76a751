import { microsPerHour, microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import {
  invalidOption,
  missingOption,
  type Range,
  readChoice,
  readDate,
  readNumber,
} from './read-word.ts'

/** One option of a command: what its help says, and how its words become a value. */
export type Option<Value> = {
  /** Stands for the value in the help, e.g. `FILE`; undefined when the option takes none. */
  readonly value: string | undefined
  readonly what: string
  /** As it would be typed. */
  readonly default?: string | undefined
  /**
   * @param words - all that was given for it, in order; none when it was left out
   * @param name - with its dashes, for the refusal
   * @throws TradingError OPTION_INVALID in one line
   */
  readonly read: (words: readonly string[], name: string) => Value
}

/** What is said of an option; `default` is as it would be typed, and is read like any other word. */
export type Described<Default> = {
  readonly value?: string
  readonly what: string
  readonly default?: Default
}

/** An option without a default may be absent. */
export type Optional<Value, Default> = Option<Default extends string ? Value : Value | undefined>

type Fallback = string | undefined
type ReadWord<Value> = (word: string, name: string) => Value

/** An option with one value; given twice, the last one counts. */
export function option<Value, Default extends Fallback = undefined>(
  { value = 'TEXT', what, default: fallback }: Described<Default>,
  readWord: ReadWord<Value>,
): Optional<Value, Default> {
  return {
    value,
    what,
    default: fallback,
    read: (words, name) => {
      const word = words.at(-1) ?? fallback
      return (word === undefined ? undefined : readWord(word, name)) as never
    },
  }
}

/** `A,B` or repeated, each part read alone; one that is named twice is refused, because a slip is likelier than a wish. */
export function listOf<Value, Default extends Fallback>(
  { value = 'A,B', what, default: fallback }: Described<Default>,
  readPart: ReadWord<Value>,
): Optional<readonly Value[], Default> {
  return {
    value,
    what,
    default: fallback,
    read: (words, name) => {
      const given = words.length === 0 && fallback !== undefined ? [fallback] : words
      return (given.length === 0 ? undefined : readList(given.join(','), name, readPart)) as never
    },
  }
}

function readList<Value>(text: string, name: string, readPart: ReadWord<Value>): readonly Value[] {
  const parts = text.split(',').map((part) => part.trim())
  const values = parts.filter(Boolean).map((part) => readPart(part, name))
  if (values.length === 0) throw invalidOption(`${name} is empty`)
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  if (twice !== undefined) throw invalidOption(`${name} names ${twice} twice`)
  return values
}

/** An option without a value: given or not. */
export const flag = (what: string): Option<boolean> => ({
  value: undefined,
  what,
  read: (words) => words.length > 0,
})

/** What `--json` means in every command. */
export const json = flag('last line of standard output is one JSON object; all else goes to stderr')

/** Any text, as it was typed. */
export const text = <Default extends Fallback = undefined>(described: Described<Default>) =>
  option<string, Default>(described, (word) => word)

/** Path of a file; whether it is there, whoever opens it says. */
export const file = <Default extends Fallback = undefined>(described: Described<Default>) =>
  text<Default>({ value: 'FILE', ...described })

/** Path of a folder. */
export const folder = <Default extends Fallback = undefined>(described: Described<Default>) =>
  text<Default>({ value: 'DIR', ...described })

/** An option that has to be there. */
export const needed = <Value>(
  inner: Option<Value | undefined>,
  example: string,
): Option<Exclude<Value, undefined>> => ({
  ...inner,
  read: (words, name) => {
    const value = inner.read(words, name)
    if (value === undefined) throw missingOption(name, example)
    return value as Exclude<Value, undefined>
  },
})

/** Every word that was given for it, as it is; none when it was left out. */
export const repeated = (described: {
  readonly value: string
  readonly what: string
}): Option<readonly string[]> => ({ ...described, read: (words) => words })

/** Several texts, none twice. */
export const list = <Default extends Fallback = undefined>(described: Described<Default>) =>
  listOf<string, Default>(described, (part) => part)

/** A whole number of at most 15 digits within a range, its ends included. */
export const whole = <Default extends Fallback = undefined>(
  described: Described<Default> & { readonly range: Range },
) =>
  option<number, Default>({ value: 'N', ...described }, (word, name) => {
    const [least, most] = described.range
    const value = /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN
    if (value >= least && value <= most) return value
    throw invalidOption(`${name} '${word}' is not a whole number from ${least} to ${most}`)
  })

/** The start of a random sequence: same seed, same result. */
export const seed = <Default extends Fallback = undefined>(described: Described<Default>) =>
  whole<Default>({ ...described, range: [0, 2 ** 32 - 1] })

/** A finite number, within a range when one is given. */
export const number = <Default extends Fallback = undefined>(
  described: Described<Default> & { readonly range?: Range },
) =>
  option<number, Default>({ value: 'N', ...described }, (word, name) =>
    readNumber(word, name, described.range),
  )

/** One word out of a list. */
export const choice = <const Word extends string, Default extends Fallback = undefined>(
  described: Described<Default> & { readonly choices: readonly Word[] },
) =>
  option<Word, Default>({ value: described.choices.join('|'), ...described }, (word, name) =>
    readChoice(word, name, described.choices),
  )

/** Several out of a list of names. */
export const choices = <const Word extends string, Default extends Fallback = undefined>(
  described: Described<Default> & { readonly choices: readonly Word[] },
) => listOf<Word, Default>(described, (part, name) => readChoice(part, name, described.choices))

const unitsUs = { s: microsPerSecond, m: microsPerMinute, h: microsPerHour } as const

/** `90s`, `10m`, `2h` in µs; a bare number is refused because its unit would be a guess. */
export const duration = <Default extends Fallback = undefined>(described: Described<Default>) =>
  option<number, Default>({ value: 'TIME', ...described }, (word, name) => {
    const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(word)
    const us = match ? Number(match[1]) * unitsUs[match[2] as keyof typeof unitsUs] : 0
    if (us >= microsPerSecond) return Math.round(us)
    throw invalidOption(`${name} '${word}' is not a duration of at least 1s; write 90s, 10m or 2h`)
  })

/** A moment in UTC, as ms since 1970. */
export const date = (described: Described<undefined>) =>
  option({ value: 'DATE', ...described }, readDate)

/** Where a server listens, without a slash at the end. */
export const address = <Default extends Fallback = undefined>(described: Described<Default>) =>
  option<string, Default>({ value: 'URL', ...described }, (word, name) => {
    if (/^(https?|wss?):\/\/[^/]/.test(word) && URL.canParse(word)) return word.replace(/\/$/, '')
    throw invalidOption(`${name} '${word}' is not an address such as https://host`)
  })
