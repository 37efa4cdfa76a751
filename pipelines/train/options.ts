import type { Command } from '#shared/cloud/command-line/command.ts'
import { choice, flag, folder, json, seed, whole } from '#shared/cloud/command-line/option.ts'

const countMost = 100_000

export const trainCommand = {
  call: 'npm run train',
  what: 'Trains a small network on a data set and puts it where the model server looks for it.',
  options: {
    dataset: folder({ what: 'made by npm run featurize', default: 'run/dataset' }),
    folder: folder({
      what: 'the model goes to DIR/blobs/models, its report to DIR/training',
      default: 'run',
    }),
    epochs: whole({
      what: 'at most; training stops when the validation rows stop getting better; default 60',
      range: [1, countMost],
    }),
    patience: whole({ what: 'epochs to wait for that; default 8', range: [1, countMost] }),
    seed: seed({ what: 'same data set, same seed: the same model on a CPU; default 1' }),
    'max-seconds': whole({ what: 'time for fitting; default 300', range: [1, 86_400] }),
    device: choice({ choices: ['auto', 'cpu', 'cuda'], what: 'where it is trained; default auto' }),
    'no-promote': flag('store the model, but leave serving the one that serves'),
    json,
  },
  examples: [
    'npm run train',
    'npm run train -- --dataset run/dataset-7 --epochs 20 --seed 3 --no-promote',
  ],
  notes: [
    'Needs uv, which installs PyTorch on the first run (about 4 GB to fetch, 6.5 GB on disk under run/python).',
  ],
  exits: { 0: 'done (also when the model is worthless)', 1: 'training failed' },
} satisfies Command

export const trainCheckCommand = {
  call: 'npm run test:train',
  what: 'Proves the training loop: the tests of the trainer, then features, training and the served model.',
  options: {},
  examples: ['npm run test:train'],
  notes: ['Needs uv, which installs PyTorch on the first run.'],
  exits: { 0: 'all hold', 1: 'one does not' },
} satisfies Command
