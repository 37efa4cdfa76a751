import { TradingError } from '#shared/kernel/error.ts'
import type { RunnerSpec } from './runner/runner.ts'
import type { SamplerName } from './sampler.ts'
import type { Space } from './space.ts'

export const objectiveNames = ['sharpe', 'pnl'] as const
export type ObjectiveName = (typeof objectiveNames)[number]

/** One of several machines that share the trial numbers: it does number `index`, `index + count`, … */
export type SweepTask = { readonly index: number; readonly count: number }

/**
 * First line of `trials.jsonl`: all that decides what trial N is. Trials under another header are other trials, so
 * nothing is resumed across a difference.
 */
export type SweepHeader = {
  readonly kind: 'sweep'
  readonly version: 1
  readonly space: Space
  readonly sampler: SamplerName
  readonly seed: number
  /** Trials that TPE proposes before it looks at results again; 1 for samplers that do not look. */
  readonly batch: number
  readonly objective: ObjectiveName
  readonly runner: RunnerSpec
  readonly sources: readonly SourceHash[]
  readonly commit: string
  readonly task: SweepTask
}

export type SourceHash = { readonly path: string; readonly sha256: string }

/** JSON whose keys stand in one order, so that equal values have equal text. */
export const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

/**
 * The first difference between two headers in words.
 *
 * @returns undefined when they are equal
 */
export function headerDifference(
  stored: SweepHeader,
  wanted: SweepHeader,
  ignored: readonly (keyof SweepHeader)[] = [],
): string | undefined {
  const fields = new Set([...Object.keys(stored), ...Object.keys(wanted)]) as Set<keyof SweepHeader>
  for (const field of fields) {
    if (ignored.includes(field)) continue
    const [was, is] = [canonicalText(stored[field]), canonicalText(wanted[field])]
    if (was !== is) return `${field} is ${shortened(was)} there and ${shortened(is)} now`
  }
  return undefined
}

const shortened = (text = 'absent'): string => (text.length > 90 ? `${text.slice(0, 87)}…` : text)

/** @throws TradingError ROW_INVALID */
export function headerFromText(text: string, path: string): SweepHeader {
  const refuse = (cause?: unknown) =>
    new TradingError(
      'ROW_INVALID',
      `${path}, row 1: not the header of a sweep; name another --out`,
      { path },
      cause,
    )
  let parsed: Partial<SweepHeader>
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw refuse(cause)
  }
  if (parsed?.kind !== 'sweep' || parsed.version !== 1 || !Array.isArray(parsed.space))
    throw refuse()
  return parsed as SweepHeader
}
