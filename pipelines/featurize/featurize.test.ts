import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openParquetTable } from '#shared/cloud/local/parquet-table.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { featureFingerprint, vectorFeatures } from '#shared/signal/feature/vector-list.ts'
import { createGenerator } from '#shared/simulation/generator.ts'
import { listingOf, syntheticMarket } from '#shared/simulation/listing.ts'
import { datasetFile, readDataset, rowsFile } from './dataset.ts'
import { type FeaturizeOptions, featurize } from './featurize.ts'
import { directionOf, directions, splitOf } from './label.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-featurize-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options: FeaturizeOptions = {
  tapes: [],
  symbols: ['BTCUSDT', 'SOLUSDT'],
  seed: 3,
  minutes: 4,
  everyUs: 1_000_000,
  horizonUs: 10_000_000,
  flatBandBps: undefined,
  out: join(folder, 'invented'),
  nowUs: 1_800_000_000_000_000,
}

describe('a data set', () => {
  it('holds what it says, and the same for the same seed', async () => {
    const dataset = await featurize(options)
    const again = await featurize({ ...options, out: join(folder, 'again') })
    expect(again).toEqual(dataset)
    expect(readDataset(options.out)).toEqual(dataset)
    expect(dataset).toMatchObject({
      featureFingerprint,
      isInvented: true,
      symbols: ['BTCUSDT', 'SOLUSDT'],
    })
    const table = await openParquetTable(join(options.out, rowsFile))
    expect(table.columns).toEqual([
      'symbol',
      'sampled_at',
      'label_at',
      ...vectorFeatures.map(({ name }) => name),
      'forward_return_bps',
      'label',
    ])
    expect(table.attributes).toEqual({
      featureFingerprint,
      rowsFingerprint: dataset.rowsFingerprint,
    })
    const counts: Record<string, number> = {}
    for await (const batch of table.batches)
      for (const row of batch) {
        const [atUs, labelAtUs] = [row[1] as number, row[2] as number]
        expect(labelAtUs - atUs).toBe(dataset.horizonUs)
        const part = splitOf({ atUs, labelAtUs }, dataset.split) ?? 'embargoed'
        counts[part] = (counts[part] ?? 0) + 1
        const returnBps = row.at(-2) as number
        expect(directions[row.at(-1) as number]).toBe(directionOf(returnBps, dataset.flatBandBps))
      }
    expect(counts).toEqual(dataset.rows)
    expect(dataset.rows.embargoed).toBeGreaterThan(0)
    expect(dataset.classShares.train.flat).toBeCloseTo(1 / 3, 1)
  })

  it('of a tape equals that of the same market without one', async () => {
    const instruments: Instrument[] = options.symbols!.map((symbol, id) => ({
      ...listingOf(syntheticMarket(symbol)),
      id,
      accountId: 0,
    }))
    const path = join(folder, 'tape.arrow')
    const writer = openTapeWriter(path, {
      version: 1,
      source: 'generated for a test',
      instruments,
      attributes: { synthetic: 'true' },
    })
    const startUs = 1_767_225_600_000_000
    createGenerator({ seed: 3, startUs: startUs as Micros, instruments }).advance(
      (startUs + 240_000_000) as Micros,
      writer.append,
    )
    await writer.close()
    const dataset = await featurize({ ...options, tapes: [folder], out: join(folder, 'tape') })
    expect(dataset.rowsFingerprint).toBe(readDataset(options.out).rowsFingerprint)
    expect(dataset.isInvented).toBe(true)
    expect(dataset.sources[0]!.sha256).toMatch(/^[0-9a-f]{64}$/)
    const one = await featurize({
      ...options,
      tapes: [path],
      symbols: ['SOLUSDT'],
      out: join(folder, 'one'),
    })
    expect(one.symbols).toEqual(['SOLUSDT'])
    await expect(
      featurize({ ...options, tapes: [path], symbols: ['SOLUSD'], out: folder }),
    ).rejects.toThrow('no tape holds SOLUSD; did you mean SOLUSDT?')
    await expect(
      featurize({ ...options, tapes: [path], nowUs: startUs, out: folder }),
    ).rejects.toMatchObject({ code: 'TAPE_FUTURE' })
  })

  it('is refused with one line when it cannot be made or read', async () => {
    const out = join(folder, 'refused')
    await expect(featurize({ ...options, minutes: 1, out })).rejects.toMatchObject({
      code: 'ROW_INVALID',
    })
    await expect(featurize({ ...options, horizonUs: 10_500_000, out })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
    await expect(featurize({ ...options, tapes: [join(folder, 'no')], out })).rejects.toMatchObject(
      { code: 'FILE_UNREADABLE' },
    )
    expect(() => readDataset(join(folder, 'absent'))).toThrow('npm run featurize')
    const path = join(options.out, datasetFile)
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, whole.replace('"horizonUs": 10000000', '"horizonUs": -1'))
    expect(() => readDataset(options.out)).toThrow(/horizonUs/)
    writeFileSync(path, whole.slice(0, 100))
    expect(() => readDataset(options.out)).toThrow('is not a data set')
    writeFileSync(path, whole)
  })
})
