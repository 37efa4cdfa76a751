import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDataset, rowsFile } from '#pipelines/featurize/dataset.ts'
import { directions, splitOf } from '#pipelines/featurize/label.ts'
import { openParquetTable } from '#shared/cloud/local/parquet-table.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'
import { scoreRows } from './agreement.ts'

/** What a card claims of the test rows, counted anew from the data set with the serving runtime. */
export type Recount = Required<ModelCard['test']>

/**
 * Counts a card's claims again, by other code in another language than made them.
 *
 * @throws TradingError FILE_UNREADABLE
 */
export async function recount(dataset: string, modelPath: string): Promise<Recount> {
  const { split } = readDataset(dataset)
  const table = await openParquetTable(join(dataset, rowsFile))
  const width = table.columns.length
  const trainCounts = [0, 0, 0]
  const test: { label: number; features: number[]; atUs: number; labelAtUs: number }[] = []
  for await (const batch of table.batches)
    for (const row of batch) {
      const numbers = row.slice(1) as number[]
      const [atUs, labelAtUs] = numbers as [number, number]
      const label = numbers.at(-1)!
      const part = splitOf({ atUs, labelAtUs }, split)
      if (part === 'train') trainCounts[label]!++
      if (part === 'test')
        test.push({ label, features: numbers.slice(2, width - 3), atUs, labelAtUs })
    }
  const answers = await scoreRows(
    readFileSync(modelPath),
    test.map(({ features }) => features),
  )
  const trained = trainCounts.reduce((sum, count) => sum + count, 0)
  const majority = trainCounts.indexOf(Math.max(...trainCounts))
  const mean = (value: (row: (typeof test)[number], index: number) => number): number =>
    test.reduce((sum, row, index) => sum + value(row, index), 0) / test.length
  const accuracy = mean(({ label }, index) => (largest(answers[index]!) === label ? 1 : 0))
  const effectiveRows = independentRows(test)
  return {
    accuracy,
    majorityAccuracy: mean(({ label }) => (label === majority ? 1 : 0)),
    majorityClass: directions[majority]!,
    bestConstantAccuracy: Math.max(
      ...directions.map((_, index) => mean(({ label }) => (label === index ? 1 : 0))),
    ),
    logLoss: mean(({ label }, index) => -Math.log(answers[index]![label]!)),
    baselineLogLoss: mean(({ label }) => -Math.log(trainCounts[label]! / trained)),
    accuracyStandardError: Math.sqrt((accuracy * (1 - accuracy)) / effectiveRows),
    effectiveRows,
  }
}

/** @throws TradingError MODEL_BROKEN naming the first claim that does not hold */
export function compareClaims(claimed: ModelCard['test'], counted: Recount): void {
  for (const [name, value] of Object.entries(counted)) {
    const said = claimed[name as keyof Recount]
    const isSame =
      typeof value === 'number' ? Math.abs(Number(said) - value) <= 1e-5 : said === value
    if (!isSame)
      throw new TradingError('MODEL_BROKEN', `the card claims ${name} ${said}, counted is ${value}`)
  }
}

const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values))

function independentRows(rows: readonly { atUs: number; labelAtUs: number }[]): number {
  let count = 0
  let freeFromUs = 0
  for (const { atUs, labelAtUs } of rows) {
    if (atUs < freeFromUs) continue
    count++
    freeFromUs = labelAtUs
  }
  return count
}
