import type { RunnerSpec } from './runner.ts'

/** Files beside the candles whose content decides the trials. */
export const candleSidePaths = ({ options }: RunnerSpec): readonly string[] =>
  [options.funding, options.tiers].filter((path) => typeof path === 'string')
