import type { DeclaredResource } from './policy/policy.ts'

/**
 * What a stack declares, in a form to be read in a review: by type and name, keys sorted, one screen per resource.
 * Dashboards are kept as the structure they describe, so that a changed query shows as one changed line.
 */
export function snapshotText(stack: readonly DeclaredResource[]): string {
  const byType: Record<string, Record<string, unknown>> = {}
  for (const { type, name, inputs, ignoreChanges, isProtected } of stack) {
    byType[type] ??= {}
    byType[type][name] = {
      ...unfolded(inputs),
      ...(ignoreChanges.length > 0 ? { '(ignored changes)': ignoreChanges } : {}),
      ...(isProtected ? { '(protected)': true } : {}),
    }
  }
  return `${JSON.stringify(sorted(byType), null, 2)}\n`
}

/** JSON and base64 texts that a person would want to read. */
function unfolded(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) =>
      (key === 'dashboardJson' || key === 'schema') && typeof value === 'string'
        ? [key, JSON.parse(value)]
        : [key, value],
    ),
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
