import { expect, test } from 'vitest'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { exampleStartUs } from './fixture.ts'
import { createAsterPublic } from './public.ts'

/** A venue with one candle a minute and one funding rate an hour, for ever. */
function endlessVenue() {
  const urls: URL[] = []
  const runtime: Runtime = {
    clock: { nowUs: () => exampleStartUs },
    timers: { after: () => () => {} },
    openSocket: () => ({ send: () => {}, close: () => {} }),
    http: async ({ url: text }) => {
      const url = new URL(text)
      urls.push(url)
      const asked = (name: string) => Number(url.searchParams.get(name))
      const rowsEvery = (ms: number, row: (timeMs: number) => unknown) => {
        const rows: unknown[] = []
        const firstMs = Math.ceil(asked('startTime') / ms) * ms
        for (let t = firstMs; t <= asked('endTime') && rows.length < asked('limit'); t += ms)
          rows.push(row(t))
        return rows
      }
      const body = url.pathname.endsWith('klines')
        ? rowsEvery(60_000, (t) => [
            t,
            '1',
            '2',
            '0.5',
            '1.5',
            '10',
            t + 59_999,
            '15',
            3,
            '1',
            '1',
            '0',
          ])
        : rowsEvery(3_600_000, (t) => ({ symbol: 'A', fundingRate: '0.0001', fundingTime: t }))
      return { status: 200, headers: {}, body: JSON.stringify(body) }
    },
  }
  return { urls, reads: createAsterPublic(runtime, 'https://venue.example') }
}

test('klines of a long range are read page by page, each candle once', async () => {
  const { urls, reads } = endlessVenue()
  const startMs = 1_760_000_040_000
  const klines = await reads.klines('BTCUSDT', '1m', startMs, startMs + 3_200 * 60_000)
  expect(klines).toHaveLength(3_201)
  expect(new Set(klines.map((k) => k.openTimeMs)).size).toBe(3_201)
  expect(urls).toHaveLength(3)
  expect(urls[0]?.searchParams.get('limit')).toBe('1500')
})

test('a range that ends exactly with a full page asks no further', async () => {
  const { urls, reads } = endlessVenue()
  const startMs = 1_760_000_040_000
  const klines = await reads.klines('BTCUSDT', '1m', startMs, startMs + 1_499 * 60_000)
  expect(klines).toHaveLength(1_500)
  expect(urls).toHaveLength(1)
})

test('funding rates are paged too', async () => {
  const { reads } = endlessVenue()
  const rates = await reads.fundingRate(
    'A',
    1_760_400_000_000,
    1_760_400_000_000 + 2_500 * 3_600_000,
  )
  expect(rates).toHaveLength(2_501)
})
