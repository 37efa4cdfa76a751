import { TradingError } from '#shared/kernel/error.ts'
import { onOutputClosed } from './closed-output.ts'
import { type Command, type Given, type Options, readCommandLine } from './command.ts'
import { helpText } from './help.ts'

/** Where the words of a command go: with `--json` standard output belongs to the one result at the end. */
export type Voice = {
  /** One or more lines for a person. */
  say(text: string): void
  /** The result, for a program; unheard without `--json`. */
  answer(result: unknown): void
}

export type Run<Its extends Options> = (given: Given<Its>, voice: Voice) => number | Promise<number>

/** Runs one command line. @returns the exit code */
export type CarryOut = (argv: readonly string[]) => Promise<number>

/**
 * A command with what it does: help goes to standard output, a fault becomes one line on standard error, and the exit
 * code is 2 when the caller gave something that cannot be used.
 *
 * @param run - returns the exit code; left out, the command has nothing but its verbs
 * @param verbs - what the verbs of its table do
 */
export function carryOut<Its extends Options>(
  command: Command<Its>,
  run?: Run<Its>,
  verbs: Readonly<Record<string, CarryOut>> = {},
): CarryOut {
  return async (argv) => {
    const [first = ''] = argv
    const verb = Object.hasOwn(verbs, first) ? verbs[first] : undefined
    if (verb) return await verb(argv.slice(1))
    try {
      const given = readCommandLine(command, argv)
      if (given !== 'help' && run) return await run(given, voiceOf(given))
      const stream = given === 'help' ? process.stdout : process.stderr
      stream.write(`${helpText(command)}\n`)
      return given === 'help' ? 0 : 2
    } catch (error) {
      if (!(error instanceof TradingError)) throw error
      process.stderr.write(`error: ${error.message}\n`)
      return error.remedy === 'reject-input' ? 2 : 1
    }
  }
}

/**
 * Carries out the command line of this process. When the reader of its output has seen enough (`| head -3`), the rest
 * is not printed, the work is still done, and the exit code is that of the work.
 */
export async function runProcess(command: CarryOut): Promise<void> {
  onOutputClosed()
  process.exitCode = await command(process.argv.slice(2))
}

function voiceOf({ options }: Given<Options>): Voice {
  const isJson = options.json === true
  return {
    say: (text) => void (isJson ? process.stderr : process.stdout).write(`${text}\n`),
    answer: (result) => {
      if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`)
    },
  }
}
