/** One strategy parameter and the values it may take. */
export type Dimension =
  | {
      readonly kind: 'range'
      readonly name: string
      /** Both ends belong to the range. */
      readonly low: number
      readonly high: number
      /** On a log scale each factor of ten gets the same share of the trials. */
      readonly scale: 'linear' | 'log'
      readonly isInteger: boolean
      /** Grid points; undefined until the size of the grid is known. */
      readonly points?: number
    }
  | { readonly kind: 'choice'; readonly name: string; readonly values: readonly number[] }

export type Space = readonly Dimension[]

/** A point of the space by parameter name. */
export type Parameters = Readonly<Record<string, number>>

/** Twelve digits are more than any parameter means, and keep 0.1 + 0.2 from becoming 0.30000000000000004. */
const clean = (value: number): number => Number(value.toPrecision(12))

type Range = Extract<Dimension, { kind: 'range' }>

const rangeSize = ({ low, high }: Range): number => high - low + 1

/**
 * The value at a place of a dimension.
 *
 * @param unit - 0 ≤ unit < 1; equal steps are equally likely under the dimension's scale
 */
export function valueAt(dimension: Dimension, unit: number): number {
  if (dimension.kind === 'choice') {
    const index = Math.min(dimension.values.length - 1, Math.floor(unit * dimension.values.length))
    return dimension.values[index] as number
  }
  const { low, high, scale, isInteger } = dimension
  if (isInteger && scale === 'linear')
    return Math.min(high, low + Math.floor(unit * rangeSize(dimension)))
  const value = scale === 'log' ? low * (high / low) ** unit : low + (high - low) * unit
  const placed = isInteger ? Math.round(value) : clean(value)
  return Math.min(high, Math.max(low, placed))
}

/** Where a value lies in its dimension, 0 to 1; the inverse of {@link valueAt} up to its rounding. */
export function unitOf(dimension: Dimension, value: number): number {
  if (dimension.kind === 'choice')
    return (dimension.values.indexOf(value) + 0.5) / dimension.values.length
  const { low, high, scale, isInteger } = dimension
  if (high === low) return 0.5
  if (isInteger && scale === 'linear') return (value - low + 0.5) / rangeSize(dimension)
  return scale === 'log'
    ? Math.log(value / low) / Math.log(high / low)
    : (value - low) / (high - low)
}

/** Grid values of a dimension, ascending for ranges, as listed for choices. */
export function gridValues(dimension: Dimension): readonly number[] {
  if (dimension.kind === 'choice') return dimension.values
  const { low, high, scale, isInteger, points = 1 } = dimension
  const values = Array.from({ length: points }, (_, index) => {
    const share = points === 1 ? 0.5 : index / (points - 1)
    const value = scale === 'log' ? low * (high / low) ** share : low + (high - low) * share
    return isInteger ? Math.round(value) : Math.min(high, Math.max(low, clean(value)))
  })
  return [...new Set(values)]
}

/** Number of points of the whole grid. */
export const gridSize = (space: Space): number =>
  space.reduce((product, dimension) => product * gridValues(dimension).length, 1)

const pointsMax = 1_000

/**
 * Gives every range without stated points the same number of them: as many as fit into `trials` points in all.
 */
export function withGridPoints(space: Space, trials: number): Space {
  const open = space.filter(({ kind }) => kind === 'range').filter((d) => !('points' in d))
  if (open.length === 0) return space
  const place = (points: number): Space =>
    space.map((dimension) =>
      dimension.kind === 'range' && dimension.points === undefined
        ? { ...dimension, points: pointsOf(dimension, points) }
        : dimension,
    )
  let points = 1
  while (points < pointsMax && gridSize(place(points + 1)) <= trials) points++
  return place(points)
}

const pointsOf = (dimension: Range, points: number): number =>
  dimension.isInteger ? Math.min(points, rangeSize(dimension)) : points
