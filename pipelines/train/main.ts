import type { Values } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { trainCommand } from './options.ts'
import { type Trained, train } from './train.ts'

async function main(
  options: Values<typeof trainCommand.options>,
  { answer, say }: Voice,
): Promise<number> {
  const { dataset, folder, json: _, 'no-promote': isKept, ...fitting } = options
  // What was not given is left to the trainer, whose defaults the cloud uses too.
  const given = Object.entries(fitting).filter(([, value]) => value !== undefined)
  const trained = await train({
    dataset,
    folder,
    settings: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    isPromoted: !isKept,
    nowUs: Date.now() * microsPerMilli,
  })
  say(describe(trained).join('\n'))
  answer(trained)
  return 0
}

function describe({ card, differenceMax, promotion, report, verdict }: Trained): readonly string[] {
  const { test } = card
  return [
    `model       ${card.modelId}${card.data.isInvented ? ' - of an INVENTED market: knows nothing of a real one' : ''}`,
    `accuracy    ${test.accuracy.toFixed(4)}, always '${test.majorityClass}' ${test.majorityAccuracy.toFixed(4)}: the model ${verdict}`,
    `agreement   onnxruntime differs from PyTorch by at most ${differenceMax.toExponential(1)}`,
    promotion
      ? `promoted    number ${promotion.sequence}; npm start serves it, in shadow: it moves no order`
      : 'promoted    no',
    `report      ${report}`,
  ]
}

await runProcess(carryOut(trainCommand, ({ options }, voice) => main(options, voice)))
