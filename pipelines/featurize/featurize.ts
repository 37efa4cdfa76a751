import { TradingError } from '#shared/kernel/error.ts'
import { type Dataset, writeDataset } from './dataset.ts'
import { balancedBandBps, type LabeledRow, labelSamples, splitOf, splitTimes } from './label.ts'
import { type MarketSamples, sampleInvented, sampleTapes } from './source.ts'

export type FeaturizeOptions = {
  /** Empty: a market is made up. */
  readonly tapes: readonly string[]
  readonly symbols: readonly string[] | undefined
  readonly seed: number
  readonly minutes: number
  readonly everyUs: number
  readonly horizonUs: number
  /** Undefined: so that the classes of the training rows are about equally frequent. */
  readonly flatBandBps: number | undefined
  readonly out: string
  /** Wall time at the start of the command, µs: later events are refused. */
  readonly nowUs: number
  readonly onProgress?: (done: number, total: number) => void
}

const inventedSymbols = ['BTCUSDT', 'ETHUSDT']

/**
 * Turns recorded or invented markets into a data set: features, and what the mid did afterwards.
 *
 * @throws TradingError OPTION_INVALID, FILE_UNREADABLE, TAPE_*, SYMBOL_UNKNOWN, ROW_INVALID
 */
export async function featurize(options: FeaturizeOptions): Promise<Dataset> {
  const { everyUs, horizonUs, onProgress } = options
  if (horizonUs % everyUs !== 0)
    throw new TradingError(
      'OPTION_INVALID',
      `the horizon of ${horizonUs / 1_000} ms is no whole multiple of the ${everyUs / 1_000} ms between samples; change --horizon-s or --every-ms`,
    )
  const progress = onProgress ? { onProgress } : {}
  const markets =
    options.tapes.length > 0
      ? await sampleTapes({ ...options, ...progress, paths: options.tapes })
      : sampleInvented({ ...options, ...progress, symbols: options.symbols ?? inventedSymbols })
  const rows = rowsOf(markets, horizonUs)
  const split = splitTimes(rows)
  const trainRows = rows.filter((row) => splitOf(row, split) === 'train')
  const sampleCount = markets.reduce((sum, { samples }) => sum + samples.length, 0)
  return await writeDataset(options.out, rows, {
    symbols: markets.map(({ symbol }) => symbol),
    sources: markets.map(({ source }) => source),
    everyUs,
    horizonUs,
    split,
    flatBandBps: options.flatBandBps ?? balancedBandBps(trainRows),
    flatBandFrom: options.flatBandBps === undefined ? 'balanced' : 'given',
    leftOut: sampleCount - rows.length,
  })
}

/** All markets in one order of time; at equal times as they were named. */
function rowsOf(markets: readonly MarketSamples[], horizonUs: number): readonly LabeledRow[] {
  return markets
    .flatMap(({ samples, symbol }) => labelSamples(symbol, samples, horizonUs))
    .sort((a, b) => a.atUs - b.atUs)
}
