import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import {
  balancedBandBps,
  directionOf,
  type LabeledRow,
  labelSamples,
  splitOf,
  splitTimes,
} from './label.ts'
import type { Sample } from './sampler.ts'

const second = 1_000_000
const horizonUs = 10 * second
const vector = Float64Array.of(1)

const sampleAt = (index: number, midTicks = 1_000, segment = 0): Sample => ({
  atUs: index * second,
  midTicks,
  segment,
  vector,
})
const rowAt = (atUs: number, forwardReturnBps = 0): LabeledRow => ({
  symbol: 'BTCUSDT',
  atUs,
  labelAtUs: atUs + horizonUs,
  vector,
  forwardReturnBps,
})

describe('labels', () => {
  it('are the return of the mid over the horizon', () => {
    const samples = Array.from({ length: 21 }, (_, index) => sampleAt(index, 1_000 + index))
    const rows = labelSamples('BTCUSDT', samples, horizonUs)
    expect(rows).toHaveLength(11)
    expect(rows[0]).toMatchObject({ atUs: 0, labelAtUs: 10 * second, forwardReturnBps: 100 })
    expect(rows[10]!.forwardReturnBps).toBeCloseTo((10 / 1_010) * 10_000, 10)
  })

  it('are absent where the feed broke before they came, and where a sample is missing', () => {
    const broken = Array.from({ length: 40 }, (_, index) =>
      sampleAt(index, 1_000, index < 20 ? 0 : 1),
    )
    const starts = labelSamples('BTCUSDT', broken, horizonUs).map(({ atUs }) => atUs / second)
    expect(starts).toEqual([...Array(10).keys(), ...Array.from({ length: 10 }, (_, i) => 20 + i)])
    const holed = broken.filter(({ atUs }) => atUs !== 15 * second)
    expect(labelSamples('BTCUSDT', holed, horizonUs).some(({ atUs }) => atUs === 5 * second)).toBe(
      false,
    )
  })

  it('are absent for samples of which something is unknown', () => {
    const samples = Array.from({ length: 30 }, (_, index) => ({
      ...sampleAt(index),
      vector: index < 7 ? undefined : vector,
    }))
    expect(labelSamples('BTCUSDT', samples, horizonUs)[0]!.atUs).toBe(7 * second)
  })

  it('count the border of the band as flat', () => {
    expect(directionOf(1.5, 1.5)).toBe('flat')
    expect(directionOf(-1.5, 1.5)).toBe('flat')
    expect(directionOf(1.5001, 1.5)).toBe('up')
    expect(directionOf(-1.5001, 1.5)).toBe('down')
    expect(directionOf(0, 0)).toBe('flat')
  })

  it('are balanced by a band that knows the training rows only', () => {
    const rows = Array.from({ length: 300 }, (_, index) => rowAt(index, index % 2 ? index : -index))
    const band = balancedBandBps(rows)
    const flat = rows.filter(
      ({ forwardReturnBps }) => directionOf(forwardReturnBps, band) === 'flat',
    )
    expect(flat.length / rows.length).toBeCloseTo(1 / 3, 2)
  })
})

describe('split', () => {
  const rowsOf = (gapsUs: readonly number[]) => {
    let atUs = second
    return gapsUs.map((gapUs) => {
      atUs += gapUs
      return rowAt(atUs)
    })
  }

  it('lets no label of one part reach into the next', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 * second }), { minLength: 100, maxLength: 400 }),
        (gapsUs) => {
          const rows = rowsOf(gapsUs)
          const split = splitTimes(rows)
          const of = (name: string) => rows.filter((row) => splitOf(row, split) === name)
          const last = (name: string) => Math.max(...of(name).map(({ labelAtUs }) => labelAtUs))
          const first = (name: string) => Math.min(...of(name).map(({ atUs }) => atUs))
          if (of('train').length > 0 && of('validation').length > 0)
            expect(last('train')).toBeLessThanOrEqual(first('validation'))
          if (of('validation').length > 0)
            expect(last('validation')).toBeLessThanOrEqual(first('test'))
          const dropped = rows.filter((row) => splitOf(row, split) === undefined)
          for (const { atUs, labelAtUs } of dropped)
            expect(
              [split.trainUntilUs, split.validationUntilUs].some(
                (border) => atUs < border && labelAtUs > border,
              ),
            ).toBe(true)
        },
      ),
    )
  })

  it('gives 70, 15 and 15 % when rows are many', () => {
    const rows = rowsOf(Array.from({ length: 10_000 }, () => second))
    const split = splitTimes(rows)
    const share = (name: string) =>
      rows.filter((row) => splitOf(row, split) === name).length / rows.length
    expect(share('train')).toBeCloseTo(0.7, 2)
    expect(share('validation')).toBeCloseTo(0.15, 2)
    expect(share('test')).toBeCloseTo(0.15, 2)
  })

  it('refuses so few rows that nothing could be said', () => {
    expect(() => splitTimes(rowsOf(Array.from({ length: 99 }, () => second)))).toThrow(TradingError)
  })
})
