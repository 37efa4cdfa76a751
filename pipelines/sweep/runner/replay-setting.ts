import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import { estimateConfig } from '#shared/simulation/replay/estimate.ts'
import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
import type { Parameters } from '../space.ts'
import type { RunnerSpec } from './runner.ts'

/** What a variant has where neither `--param` nor `--set` says otherwise. */
export const variantDefaults: GlftVariant = {
  gammaPerTick: 0.05,
  halfSpreadFactor: 1,
  skewFactor: 0.1,
  orderLots: 10,
  inventoryLotsMax: 200,
  gridHalfSpreads: 1,
}

/** Parameters of a variant that count lots. */
export const wholeParameters: readonly string[] = ['orderLots', 'inventoryLotsMax']

/** Beside the variants: of the market and of the run. */
export const runDefaults = {
  entryMs: 3,
  responseMs: 2,
  /** 0 is risk-averse: only trades move an order up. */
  queueExponent: 3,
  stepMs: 100,
  windowSteps: estimateConfig.windowSteps,
  refitSteps: estimateConfig.refitSteps,
  returnSeconds: 10,
  equityQuote: 10_000,
} as const

/** @throws TradingError OPTION_INVALID when the spec names what this engine has not */
export function checkReplaySettings(spec: RunnerSpec): void {
  if (spec.strategy !== 'glft')
    throw new TradingError(
      'OPTION_INVALID',
      `the replay engine runs glft only, not '${spec.strategy}'; leave out --strategy, or use --candles`,
    )
  for (const name of Object.keys(spec.options)) checkName(name, '--set')
}

/** @throws TradingError OPTION_INVALID when variants of one pass cannot differ in it */
export function checkReplayParameter(name: string): void {
  checkName(name, '--param')
  if (!Object.hasOwn(variantDefaults, name))
    throw new TradingError(
      'OPTION_INVALID',
      `--param ${name}: fixed for all variants of a pass; use --set`,
    )
}

function checkName(name: string, where: string): void {
  const known = [...Object.keys(variantDefaults), ...Object.keys(runDefaults), 'makerFeePpm']
  if (known.includes(name)) return
  const closest = suggest(name, known)
  throw new TradingError(
    'OPTION_INVALID',
    `${where} ${name}: the replay engine has no such parameter; ${closest ? `did you mean ${closest}?` : `there are: ${known.join(', ')}`}`,
  )
}

/** @throws TradingError OPTION_INVALID as the checks above, and for a part of what is whole */
export function variantOf({ options }: RunnerSpec, parameters: Parameters): GlftVariant {
  const variant: Record<string, number> = { ...variantDefaults }
  for (const name of Object.keys(variantDefaults))
    if (options[name] !== undefined) variant[name] = Number(options[name])
  for (const [name, value] of Object.entries(parameters)) {
    checkReplayParameter(name)
    if (wholeParameters.includes(name) && !Number.isInteger(value))
      throw new TradingError('OPTION_INVALID', `--param ${name} is a whole number; add :int`)
    variant[name] = value
  }
  return variant as GlftVariant
}
