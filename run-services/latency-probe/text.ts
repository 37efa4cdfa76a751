import type { RegionComparison } from './compare.ts'
import { endpointNames, type LatencyReport } from './measure.ts'

const head = `${'region'.padEnd(20)} ${'endpoint'.padEnd(10)} ${['min', 'p50', '95 % of p50', 'p99', 'n'].map((name) => name.padStart(15)).join('')}`

/** The figures of regions as a table, ms. */
export function latencyTable(
  regions: readonly Pick<LatencyReport, 'region' | 'endpoints'>[],
): string {
  const rows = regions.flatMap(({ region, endpoints }) =>
    endpointNames.map((name) => {
      const { minMs, p50Ms, p50LowMs, p50HighMs, p99Ms, samples } = endpoints[name]
      const cells = [
        minMs.toFixed(2),
        p50Ms.toFixed(2),
        `${p50LowMs.toFixed(2)}–${p50HighMs.toFixed(2)}`,
        p99Ms.toFixed(2),
        String(samples),
      ]
      return `${region.padEnd(20)} ${name.padEnd(10)} ${cells.map((cell) => cell.padStart(15)).join('')}`
    }),
  )
  return [head, ...rows].join('\n')
}

/** The recommendation in words, with how sure it is. */
export function comparisonText(comparison: RegionComparison): string {
  const { recommended, certainty, fasterShare, advantageMs, streamPrefers, regions } = comparison
  const sure =
    certainty === 'clear'
      ? 'its 95 % interval of the median touches no other'
      : 'NOT sure: the 95 % intervals of the medians overlap, measure for longer or at other hours'
  return [
    latencyTable(regions),
    '',
    `recommended: ${recommended}, ${advantageMs.toFixed(2)} ms less per round trip than ${regions[1]?.region}; faster in ${(100 * fasterShare).toFixed(1)} % of pairs`,
    `certainty: ${sure}`,
    ...(streamPrefers
      ? [
          `the stream says otherwise: its events reach ${streamPrefers} first (clock error included)`,
        ]
      : []),
  ].join('\n')
}
