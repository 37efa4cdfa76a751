import type { Command } from '#shared/cloud/command-line/command.ts'
import { symbols } from '#shared/cloud/command-line/market-option.ts'
import { folder, json, list, number, seed, whole } from '#shared/cloud/command-line/option.ts'

export const featurizeCommand = {
  call: 'npm run featurize',
  what: 'Turns recorded markets into features and labels to train a model on.',
  usage: ['npm run featurize -- [--tape FILE...] [options]'],
  words: { value: 'FILE...', what: 'more tapes', least: 0 },
  options: {
    tape: list({
      value: 'FILES',
      what: 'tapes, raw captures or folders of runs, comma-separated or repeated; without any a market is made up, which shows that the machine works and nothing else',
    }),
    symbols: symbols({ what: 'default: all of the tapes; BTCUSDT,ETHUSDT of an invented market' }),
    out: folder({ what: 'gets rows.parquet and dataset.json', default: 'run/dataset' }),
    'every-ms': whole({ what: 'time between rows', range: [100, 600_000], default: '1000' }),
    'horizon-s': whole({
      what: 'time ahead that the label looks',
      range: [1, 86_400],
      default: '10',
    }),
    'band-bps': number({
      what: "a return within ± this is 'flat'; default: so that a third of the training rows is",
      range: [0, 1_000],
    }),
    minutes: whole({ what: 'length of an invented market', range: [1, 100_000], default: '240' }),
    seed: seed({ what: 'of an invented market', default: '1' }),
    json,
  },
  examples: [
    'npm run featurize',
    'npm run featurize -- --tape run/simulation-7/tape.arrow --symbols BTCUSDT',
    'npm run featurize -- --tape run/simulation-7 --horizon-s 5 --out run/dataset-7',
  ],
  notes: [
    'The rows are split by time: 70 % to train, 15 % to validate, 15 % to test, without those whose label crosses a border.',
  ],
} satisfies Command
