import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'

export type OptionTypes = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>
>

export type Arguments = {
  readonly positionals: readonly string[]
  /** Value of a text option; undefined when it was not given. */
  text(name: string): string | undefined
  has(name: string): boolean
}

/**
 * Reads a command line and refuses what it does not know, with the closest option that exists.
 *
 * @throws TradingError OPTION_INVALID
 */
export function readArguments(argv: readonly string[], options: OptionTypes): Arguments {
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
    const value = token.value
    if (option.type === 'string' && (value === undefined || value.startsWith('--')))
      throw new TradingError('OPTION_INVALID', `${token.rawName} needs a value; see --help`)
    if (option.type === 'boolean' && value !== undefined)
      throw new TradingError('OPTION_INVALID', `${token.rawName} takes no value`)
  }
  return {
    positionals,
    text: (name) => values[name] as string | undefined,
    has: (name) => values[name] === true,
  }
}

function unknownOption(name: string, known: readonly string[]): TradingError {
  const closest = suggest(name.replace(/^-+/, ''), known)
  const hint = closest ? `did you mean --${closest}?` : 'see --help'
  return new TradingError('OPTION_INVALID', `unknown option ${name}; ${hint}`)
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
