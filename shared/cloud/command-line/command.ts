import { parseArgs } from 'node:util'
import type { Option } from './option.ts'
import { didYouMean, invalidOption } from './read-word.ts'

export type Options = Readonly<Record<string, Option<unknown>>>

/** All that a command line may say, declared once; its help and its reading both come from here. */
export type Command<Its extends Options = Options> = {
  /** As it is typed, up to its own words, e.g. `npm run tape -- import`. */
  readonly call: string
  /** What it does, in one sentence. */
  readonly what: string
  /** Ways to use it, one per line of help; left out, made from its words. */
  readonly usage?: readonly string[]
  /** Words that belong to no option; without them such words are refused. */
  readonly words?: Words
  readonly options: Its
  /** The same options under titles, for a help that is long. */
  readonly sections?: Readonly<Record<string, Options>>
  /** Commands behind the call, each with its own options; one may follow as the first word. */
  readonly verbs?: Readonly<Record<string, Command>>
  /** As typed, with what it does where that does not show. */
  readonly examples: readonly (string | readonly [line: string, what: string])[]
  readonly notes?: readonly string[]
  /** What the exit codes 0 and 1 mean. */
  readonly exits?: { readonly 0?: string; readonly 1?: string }
}

export type Words = {
  /** Stands for them in the help, e.g. `FILE...`. */
  readonly value: string
  readonly what: string
  readonly least: number
  readonly most?: number
}

export type Values<Its extends Options> = {
  readonly [Name in keyof Its]: Its[Name] extends Option<infer Value> ? Value : never
}

/** A command line that was understood. */
export type Given<Its extends Options> = {
  readonly options: Values<Its>
  readonly words: readonly string[]
  /** Names that were typed; the others have their defaults. */
  readonly names: ReadonlySet<string>
}

/**
 * Reads a command line by the table of its command.
 *
 * @returns 'help' when help was asked for
 * @throws TradingError OPTION_INVALID in one line: what is wrong, and what is close to it
 */
export function readCommandLine<Its extends Options>(
  command: Command<Its>,
  argv: readonly string[],
): Given<Its> | 'help' {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.entries(command.options).map(typeOf)),
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const known: Readonly<Record<string, { readonly value: string | undefined }>> = {
    ...command.options,
    help: { value: undefined },
  }
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!Object.hasOwn(known, name)) throw unknownOption(rawName, Object.keys(known))
    const isFlag = known[name]?.value === undefined
    if (isFlag && value !== undefined) throw invalidOption(`${rawName} takes no value`)
    if (!isFlag && (value === undefined || value.startsWith('--')))
      throw invalidOption(`${rawName} needs a value; see --help`)
    given.set(name, [...(given.get(name) ?? []), value ?? ''])
  }
  if (given.has('help')) return 'help'
  admitWords(command, positionals)
  const values = Object.entries(command.options).map(([name, option]) => [
    name,
    option.read(given.get(name) ?? [], `--${name}`),
  ])
  return {
    options: Object.fromEntries(values) as Values<Its>,
    words: positionals,
    names: new Set(given.keys()),
  }
}

const typeOf = ([name, { value }]: readonly [string, Option<unknown>]) =>
  [name, { type: value === undefined ? 'boolean' : 'string' } as const] as const

function unknownOption(name: string, known: readonly string[]) {
  const names = known.map((each) => `--${each}`)
  return invalidOption(`unknown option ${name}${didYouMean(name, names) || '; see --help'}`)
}

function admitWords(command: Command, given: readonly string[]): void {
  const { examples, verbs = {}, words } = command
  const [first] = given
  if (words === undefined) {
    if (first === undefined) return
    const names = Object.keys(verbs)
    throw invalidOption(
      names.length > 0
        ? `'${first}' is not one of the commands ${names.join(', ')}${didYouMean(first, names)}`
        : `'${first}' belongs to no option; see --help`,
    )
  }
  const { least, most = Infinity, value } = words
  if (given.length >= least && given.length <= most) return
  const [example] = examples
  const line = typeof example === 'string' ? example : example?.[0]
  throw invalidOption(
    given.length < least
      ? `${value.replace('...', '')} is missing, e.g. ${line}`
      : `'${given[most]}' is one word too many; see --help`,
  )
}
