import type { Command } from '#shared/cloud/command-line/command.ts'
import { symbols } from '#shared/cloud/command-line/market-option.ts'
import { list, seed, text, whole } from '#shared/cloud/command-line/option.ts'

export const twinCommand = {
  call: 'node run-services/twin/main.ts',
  what: "Serves Aster's wire protocol over a simulated exchange. Nothing in it is real.",
  options: {
    port: whole({ what: 'port; 0 takes a free one', range: [0, 65_535], default: '8790' }),
    host: text({ value: 'HOST', what: 'address to listen on', default: '127.0.0.1' }),
    seed: seed({ what: 'seed of market and paper keys', default: '7' }),
    symbols: symbols({ what: 'markets, e.g. BTCUSDT,BTCSPOT; default: all' }),
    tape: list({
      value: 'FILE[,FILE]',
      what: 'play recorded events instead of an invented market',
    }),
    funding: whole({
      what: 'seconds between funding settlements; default: as each market has, 28800',
      range: [1, 86_400],
    }),
    wallet: whole({
      what: 'first deposit of each paper account, in quote',
      range: [0, 1_000_000_000],
      default: '10000',
    }),
  },
  examples: [
    'node run-services/twin/main.ts --symbols BTCUSDT --funding 30',
    'node run-services/twin/main.ts --tape capture.gz --port 0',
  ],
  exits: { 0: 'stopped by Ctrl-C' },
} satisfies Command
