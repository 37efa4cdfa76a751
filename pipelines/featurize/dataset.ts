import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { type ParquetFile, writeParquet } from '#shared/cloud/local/parquet-writer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { featureFingerprint, vectorFeatures } from '#shared/signal/feature/vector-list.ts'
import { directionOf, directions, type LabeledRow, type SplitName, splitOf } from './label.ts'

/** Names of the files in the folder of a data set. */
export const rowsFile = 'rows.parquet'
export const datasetFile = 'dataset.json'

const count = z.number().int().nonnegative()
const timeUs = z.number().int().positive()
const span = z.object({ fromUs: timeUs, untilUs: timeUs })
const shares = z.object({ down: z.number(), flat: z.number(), up: z.number() })

/** What `dataset.json` says; training reads it and obeys it. */
const datasetSchema = z.object({
  schemaVersion: z.literal(1),
  featureFingerprint: z.string(),
  features: z.array(z.object({ name: z.string(), unit: z.string() })),
  symbols: z.array(z.string()).min(1),
  everyUs: timeUs,
  horizonUs: timeUs,
  flatBandBps: z.number().nonnegative(),
  /** `balanced`: a third of the absolute returns of the training rows lies within it. */
  flatBandFrom: z.enum(['balanced', 'given']),
  isInvented: z.boolean(),
  sources: z.array(
    z.object({
      path: z.string(),
      sha256: z.string().nullable(),
      events: count,
      isInvented: z.boolean(),
    }),
  ),
  /** Of the values, whatever wrote the file. */
  rowsFingerprint: z.string(),
  split: z.object({ trainUntilUs: timeUs, validationUntilUs: timeUs }),
  rows: z.object({ train: count, validation: count, test: count, embargoed: count }),
  /** Samples without a row: something in them was not known, or the feed broke before the label. */
  leftOut: count,
  spans: z.object({ train: span, validation: span, test: span }),
  classShares: z.object({ train: shares, validation: shares, test: shares }),
})

export type Dataset = z.infer<typeof datasetSchema>

const columns: ParquetFile['columns'] = {
  symbol: 'string',
  sampled_at: 'timestamp',
  label_at: 'timestamp',
  ...Object.fromEntries(vectorFeatures.map(({ name }) => [name, 'float' as const])),
  forward_return_bps: 'float',
  label: 'integer',
}

/**
 * Writes the rows to Parquet and what they are to `dataset.json`.
 *
 * @param rows - in order of time
 * @throws TradingError ROW_INVALID when a part is left without rows, FILE_UNREADABLE
 */
export async function writeDataset(
  folder: string,
  rows: readonly LabeledRow[],
  about: Pick<
    Dataset,
    | 'everyUs'
    | 'flatBandBps'
    | 'flatBandFrom'
    | 'horizonUs'
    | 'leftOut'
    | 'sources'
    | 'split'
    | 'symbols'
  >,
): Promise<Dataset> {
  const labels = rows.map(({ forwardReturnBps }) =>
    directions.indexOf(directionOf(forwardReturnBps, about.flatBandBps)),
  )
  const parts = rows.map((row) => splitOf(row, about.split))
  const rowsFingerprint = fingerprintOf(rows, labels)
  const dataset: Dataset = {
    schemaVersion: 1,
    featureFingerprint,
    features: vectorFeatures.map(({ name, unit }) => ({ name, unit })),
    ...about,
    isInvented: about.sources.some(({ isInvented }) => isInvented),
    rowsFingerprint,
    rows: {
      train: rowsOf(rows, parts, 'train').length,
      validation: rowsOf(rows, parts, 'validation').length,
      test: rowsOf(rows, parts, 'test').length,
      embargoed: parts.filter((part) => part === undefined).length,
    },
    spans: {
      train: spanOf(rows, parts, 'train'),
      validation: spanOf(rows, parts, 'validation'),
      test: spanOf(rows, parts, 'test'),
    },
    classShares: {
      train: sharesOf(labels, parts, 'train'),
      validation: sharesOf(labels, parts, 'validation'),
      test: sharesOf(labels, parts, 'test'),
    },
  }
  makeFolder(folder, '--out')
  await writeParquet(
    {
      path: join(folder, rowsFile),
      columns,
      attributes: { featureFingerprint, rowsFingerprint },
    },
    [
      rows.map(({ symbol }) => symbol),
      rows.map(({ atUs }) => atUs),
      rows.map(({ labelAtUs }) => labelAtUs),
      ...vectorFeatures.map((_, index) => rows.map(({ vector }) => vector[index]!)),
      rows.map(({ forwardReturnBps }) => forwardReturnBps),
      labels,
    ],
  )
  writeFileSync(join(folder, datasetFile), `${JSON.stringify(dataset, null, 2)}\n`)
  return dataset
}

/** @throws TradingError FILE_UNREADABLE when the folder holds no data set, or one of another shape */
export function readDataset(folder: string): Dataset {
  const path = join(folder, datasetFile)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${(cause as Error).message}; make a data set with: npm run featurize -- --out ${folder}`,
      { path },
      cause,
    )
  }
  const parsed = datasetSchema.safeParse(jsonFrom(text))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new TradingError(
    'FILE_UNREADABLE',
    `${path} is not a data set this program reads (${issue?.path.join('.')}: ${issue?.message}); make it again with npm run featurize`,
    { path },
  )
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The shape check says so with the path.
    return undefined
  }
}

function fingerprintOf(rows: readonly LabeledRow[], labels: readonly number[]): string {
  const hash = createHash('sha256')
  for (const [index, { atUs, forwardReturnBps, symbol, vector }] of rows.entries()) {
    hash.update(`${symbol} ${atUs} ${labels[index]}`)
    hash.update(new Uint8Array(Float64Array.of(forwardReturnBps, ...vector).buffer))
  }
  return hash.digest('hex')
}

type Parts = readonly (SplitName | undefined)[]

const rowsOf = <T>(rows: readonly T[], parts: Parts, name: SplitName): readonly T[] =>
  rows.filter((_, index) => parts[index] === name)

function spanOf(rows: readonly LabeledRow[], parts: Parts, name: SplitName) {
  const own = rowsOf(rows, parts, name)
  const [first] = own
  const last = own.at(-1)
  if (!first || !last)
    throw new TradingError(
      'ROW_INVALID',
      `no row is left for ${name}: the horizon is too long for this much market; give longer tapes or a shorter --horizon-s`,
    )
  return { fromUs: first.atUs, untilUs: last.labelAtUs }
}

function sharesOf(labels: readonly number[], parts: Parts, name: SplitName) {
  const own = rowsOf(labels, parts, name)
  const share = (label: number) => own.filter((each) => each === label).length / own.length
  return { down: share(0), flat: share(1), up: share(2) }
}
