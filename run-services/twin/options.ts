import { parseArgs } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'

export const help = `Serves Aster's wire protocol over a simulated exchange. Nothing in it is real.

  node run-services/twin/main.ts [options]

  --port N         port on 127.0.0.1 (8790)
  --host H         address to listen on (127.0.0.1)
  --seed N         seed of market and paper keys (7)
  --symbols A,B    markets, e.g. BTCUSDT,BTCSPOT (all)
  --tape FILE      play recorded events instead of an invented market; may be given several times
  --funding SEC    seconds between funding settlements (28800)
  --wallet QUOTE   first deposit of each paper account (10000)
  --help           this text`

export type MainOptions = {
  readonly port: number
  readonly host: string
  readonly seed: number
  readonly symbols: readonly string[] | undefined
  readonly tapes: readonly string[]
  readonly fundingSeconds: number | undefined
  readonly walletQuote: number
}

/** @throws TradingError OPTION_INVALID */
export function readOptions(argv: readonly string[]): MainOptions | 'help' {
  const { values } = parse(argv)
  if (values.help) return 'help'
  const { symbols, funding } = values
  return {
    port: wholeNumber('port', values.port, { least: 0, most: 65_535 }),
    host: values.host,
    seed: wholeNumber('seed', values.seed, { least: 0, most: 2 ** 32 - 1 }),
    symbols: symbols?.split(',').map((symbol) => symbol.trim().toUpperCase()),
    tapes: values.tape,
    fundingSeconds:
      funding === undefined
        ? undefined
        : wholeNumber('funding', funding, { least: 1, most: 86_400 }),
    walletQuote: wholeNumber('wallet', values.wallet, { least: 0, most: 1_000_000_000 }),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        port: { type: 'string', default: '8790' },
        host: { type: 'string', default: '127.0.0.1' },
        seed: { type: 'string', default: '7' },
        symbols: { type: 'string' },
        tape: { type: 'string', multiple: true, default: [] },
        funding: { type: 'string' },
        wallet: { type: 'string', default: '10000' },
      },
    })
  } catch (cause) {
    const [why] = (cause as Error).message.split('. ')
    throw new TradingError('OPTION_INVALID', `${why}; see --help`, {}, cause)
  }
}

function wholeNumber(name: string, text: string, range: { least: number; most: number }): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= range.least && value <= range.most) return value
  throw new TradingError(
    'OPTION_INVALID',
    `--${name} must be a whole number from ${range.least} to ${range.most}, not '${text}'`,
  )
}
