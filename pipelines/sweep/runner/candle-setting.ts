import { didYouMean, invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { barStrategyFields, readBarStrategyName } from '#shared/simulation/bar/strategy/registry.ts'
import type { NumberField } from '#shared/strategy/config.ts'
import type { Dimension } from '../space.ts'
import type { RunnerSpec } from './runner.ts'

/** `--set` names that are options of the engine; every other one is a parameter of the strategy. */
const engineOptions = [
  'interval',
  'symbols',
  'startEquityQuote',
  'leverage',
  'path',
  'throughTicks',
  'gapFill',
  'makerFeeBps',
  'takerFeeBps',
  'slippageBps',
  'liquidationFeeBps',
  'funding',
  'waiveFunding',
  'tiers',
  'spot',
  'allowGaps',
  'returnSeconds',
] as const

/** An option of the engine: the same for all trials. */
export const isSetForAll = (name: string): boolean =>
  engineOptions.some((option) => option === name)

/** What of a candle strategy can be searched. @throws TradingError CONFIG_INVALID when there is no such strategy */
export function candleParameters(strategy: string): Readonly<Record<string, NumberField>> {
  const fields = Object.entries(barStrategyFields[readBarStrategyName(strategy)])
  return Object.fromEntries(
    fields.filter((field): field is [string, NumberField] => 'min' in field[1]),
  )
}

/** @throws TradingError OPTION_INVALID, CONFIG_INVALID when the spec names what engine and strategy have not */
export function checkCandleSettings({ options, strategy }: RunnerSpec): void {
  const fields = Object.keys(barStrategyFields[readBarStrategyName(strategy)])
  const known = [...engineOptions, ...fields]
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw invalidOption(
        `--set ${name}: ${strategy} on candles has no such setting${didYouMean(name, known) || `; there are ${known.join(', ')}`}`,
      )
}

/** @throws TradingError OPTION_INVALID when a dimension is none of the strategy's, or leaves its bounds */
export function checkCandleDimension(dimension: Dimension, strategy: string): void {
  const { name } = dimension
  const known = candleParameters(strategy)
  const field = Object.hasOwn(known, name) ? known[name] : undefined
  if (field === undefined)
    throw invalidOption(
      isSetForAll(name)
        ? `--param ${name}: fixed for all trials; use --set`
        : `--param ${name}: ${strategy} has no such parameter${didYouMean(name, Object.keys(known)) || `; there are ${Object.keys(known).join(', ')}`}`,
    )
  const { isInteger, max, min } = field
  const values = dimension.kind === 'choice' ? dimension.values : [dimension.low, dimension.high]
  const outside = values.find((value) => !(value >= min && value <= max))
  if (outside !== undefined)
    throw invalidOption(`--param ${name}: ${outside} is not from ${min} to ${max}`)
  const isWhole = dimension.kind === 'choice' ? values.every(Number.isInteger) : dimension.isInteger
  if (isInteger && !isWhole) throw invalidOption(`--param ${name} is a whole number; add :int`)
}
