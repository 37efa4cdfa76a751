import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'

export type OptionTypes = Readonly<
  Record<
    string,
    {
      readonly type: 'string' | 'boolean'
      readonly short?: string
      readonly multiple?: boolean
    }
  >
>

export type CommandLine = {
  readonly positionals: readonly string[]
  /** Value of a text option; undefined when it was not given. */
  text(name: string): string | undefined
  /** Every value of an option that may be repeated. */
  texts(name: string): readonly string[]
  has(name: string): boolean
  /**
   * Value of a whole-number option.
   *
   * @throws TradingError OPTION_INVALID when it is not whole or out of range
   */
  whole(name: string, range: { readonly least: number; readonly most: number }): number | undefined
  /** Value of a text option that has to be there. @throws TradingError OPTION_INVALID */
  need(name: string, example: string): string
}

export const invalidOption = (message: string): TradingError =>
  new TradingError('OPTION_INVALID', message)

/**
 * Reads a command line and refuses what it does not know, with the closest option that exists.
 *
 * @throws TradingError OPTION_INVALID
 */
export function readCommandLine(argv: readonly string[], options: OptionTypes): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = options[token.name]
    if (!option) throw unknownOption(token.rawName, Object.keys(options))
    const { value } = token
    if (option.type === 'string' && (value === undefined || value.startsWith('--')))
      throw invalidOption(`${token.rawName} needs a value; see --help`)
    if (option.type === 'boolean' && value !== undefined)
      throw invalidOption(`${token.rawName} takes no value`)
  }
  const text = (name: string) => values[name] as string | undefined
  return {
    positionals,
    text,
    texts: (name) => (values[name] as string[] | undefined) ?? [],
    has: (name) => values[name] === true,
    whole: (name, range) => wholeNumber(name, text(name), range),
    need: (name, example) => {
      const value = text(name)
      if (value === undefined) throw invalidOption(`--${name} is missing, e.g. ${example}`)
      return value
    },
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most))
    throw invalidOption(`--${name} '${text}' is not a whole number from ${least} to ${most}`)
  return value
}

function unknownOption(name: string, known: readonly string[]): TradingError {
  const closest = suggest(name.replace(/^-+/, ''), known)
  return invalidOption(
    `unknown option ${name}; ${closest ? `did you mean --${closest}?` : 'see --help'}`,
  )
}

/** One of a list of words, or a refusal that names the closest. @throws TradingError OPTION_INVALID */
export function oneOf<Word extends string>(
  what: string,
  word: string,
  known: readonly Word[],
): Word {
  const found = known.find((candidate) => candidate === word)
  if (found !== undefined) return found
  const closest = suggest(word, known)
  throw invalidOption(
    `${what} '${word}' is not known; ${closest ? `did you mean ${closest}?` : `there are: ${known.join(', ')}`}`,
  )
}

/**
 * Runs a command and turns its faults into one line and an exit code: 2 when the caller gave something wrong.
 *
 * @param run - resolves with the exit code
 */
export async function runCommand(name: string, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run()
  } catch (error) {
    if (!(error instanceof TradingError)) throw error
    console.error(`${name}: ${error.message}`)
    process.exitCode = error.remedy === 'reject-input' ? 2 : 1
  }
}
