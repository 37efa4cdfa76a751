import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { applyDelta, applySnapshot, createBook } from '#shared/market/book.ts'

const folder = '../shared/data/orderbook/binance_raw'
const isThere = existsSync(folder)
if (!isThere) console.warn(`${folder} is absent: the recorded captures are not checked`)

/** Days of one market, imported one behind the other. The five diffs missing are older than the snapshot. */
const captures = [
  {
    files: ['usdm_btcusdt_20230404.dat.gz', 'usdm_btcusdt_20230405.dat.gz'],
    firstDay: { 'book-snapshot': 1, 'book-delta': 4_322, trade: 2_197, 'mark-price': 99 },
    counts: { 'book-snapshot': 1, 'book-delta': 16_110, trade: 12_934, 'mark-price': 514 },
  },
  {
    files: ['usdm_btcusdt_20240718.gz', 'usdm_btcusdt_20240719.gz'],
    firstDay: { 'book-snapshot': 1, 'book-delta': 3_326 - 5, trade: 974 },
    counts: { 'book-snapshot': 1, 'book-delta': 9_022 - 5, trade: 10_701 },
  },
  {
    files: ['usdm_ethusdt_20240718.gz', 'usdm_ethusdt_20240719.gz'],
    firstDay: { 'book-snapshot': 1, 'book-delta': 3_273 - 5, trade: 1_640 },
    counts: { 'book-snapshot': 1, 'book-delta': 8_929 - 5, trade: 13_655 },
  },
] as const

async function importCounts(files: readonly string[]) {
  const tape = await openTape(files.map((file) => `${folder}/${file}`))
  const book = createBook()
  const counts: Record<string, number> = {}
  let notLive = 0
  let backwards = 0
  let receiveTimeUs = 0
  for await (const batch of tape.batches)
    for (const event of batch) {
      counts[event.kind] = (counts[event.kind] ?? 0) + 1
      if (event.receiveTimeUs < receiveTimeUs) backwards++
      receiveTimeUs = event.receiveTimeUs
      if (event.kind === 'book-snapshot') applySnapshot(book, event)
      if (event.kind === 'book-delta') {
        applyDelta(book, event)
        if (!book.isLive) notLive++
      }
    }
  return { counts, notLive, backwards }
}

test.skipIf(!isThere).for(captures)(
  '$files.0 and the day behind it import without a gap or a crossed book',
  async ({ files, firstDay, counts }) => {
    const first = await importCounts(files.slice(0, 1))
    expect(first).toEqual({ counts: firstDay, notLive: 0, backwards: 0 })
    const both = await importCounts(files)
    expect(both).toEqual({ counts, notLive: 0, backwards: 0 })
  },
)

test.skipIf(!isThere).each([
  ['usdm_btcusdt_20240719.gz', 'TAPE_MALFORMED', 'no book snapshot'],
  ['cm_btcusd_perp_20240808.gz', 'INSTRUMENT_UNSUPPORTED', 'coin-margined'],
  ['spot_btcusdt_20230405.dat.gz', 'INSTRUMENT_UNSUPPORTED', 'spot'],
])('%s alone is refused', async (file, code, why) => {
  const fault = await importCounts([file]).catch((error: unknown) => error)
  expect(fault).toMatchObject({ code, message: expect.stringContaining(why) })
  expect((fault as Error).message).toContain(file)
})

test.skipIf(!isThere)('days in the wrong order are refused', async () => {
  const files = ['usdm_btcusdt_20240719.gz', 'usdm_btcusdt_20240718.gz']
  await expect(importCounts(files)).rejects.toMatchObject({ code: 'TAPE_UNSORTED' })
})

test.skipIf(!isThere)('two markets in one import are refused with the line', async () => {
  const files = ['usdm_btcusdt_20240718.gz', 'usdm_ethusdt_20240719.gz']
  await expect(importCounts(files)).rejects.toThrow(/20240719.gz, line 1: ETHUSDT in a capture of/)
})
