import type { Space } from '../space.ts'
import { candleParameters, checkCandleDimension, checkCandleSettings } from './candle-setting.ts'
import {
  checkReplayParameter,
  checkReplaySettings,
  variantDefaults,
  wholeParameters,
} from './replay-setting.ts'
import type { RunnerSpec } from './runner.ts'

/**
 * Refuses names that engine and strategy have not, before anything is read or written.
 *
 * @throws TradingError OPTION_INVALID, CONFIG_INVALID
 */
export function admitSettings(spec: RunnerSpec): void {
  if (spec.name === 'replay') checkReplaySettings(spec)
  if (spec.name === 'candle') checkCandleSettings(spec)
}

/** The same for what is searched. @throws TradingError OPTION_INVALID */
export function admitSpace(spec: RunnerSpec, space: Space): void {
  for (const dimension of space) {
    if (spec.name === 'replay') checkReplayParameter(dimension.name)
    if (spec.name === 'candle') checkCandleDimension(dimension, spec.strategy)
  }
}

/** What could be searched, as it would be typed: the first parameter around its default, then the names of the others. */
export function exampleParameter({ name, strategy }: RunnerSpec): string {
  if (name === 'analytic') return '--param x=0..1'
  const [[first, value, isWhole, min, max], names] =
    name === 'replay' ? ofReplay() : ofCandles(strategy)
  const low = Math.max(min, value / 2)
  const high = Math.min(max, value * 2)
  const range = isWhole ? `${Math.ceil(low)}..${Math.floor(high)}:int` : `${low}..${high}`
  const others = names.slice(1)
  return `--param ${first}=${range}${others.length > 0 ? ` (others: ${others.join(', ')})` : ''}`
}

type Described = readonly [
  first: readonly [name: string, value: number, isWhole: boolean, min: number, max: number],
  names: readonly string[],
]

function ofReplay(): Described {
  const [[name, value]] = Object.entries(variantDefaults) as [[string, number]]
  return [[name, value, wholeParameters.includes(name), 0, Infinity], Object.keys(variantDefaults)]
}

function ofCandles(strategy: string): Described {
  const fields = candleParameters(strategy)
  const [[name, { default: value, isInteger = false, max, min }]] = Object.entries(fields) as [
    [string, (typeof fields)[string]],
  ]
  return [[name, value, isInteger, min, max], Object.keys(fields)]
}
