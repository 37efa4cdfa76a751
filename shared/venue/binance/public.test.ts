import { expect, test } from 'vitest'
import type { HttpReply, HttpRequest, Runtime } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createBinancePublic, readLongShortRatio } from './public.ts'

/** Answers every request alike and keeps its address. */
function answering(body: unknown, status = 200) {
  const asked: string[] = []
  let nowUs = 1_000_000
  const runtime: Runtime = {
    clock: { nowUs: () => nowUs as Micros },
    timers: {
      // Waiting takes no time here, but the clock has gone on.
      after: (delayUs, task) => {
        nowUs += delayUs
        task()
        return () => {}
      },
    },
    http: async ({ url }: HttpRequest): Promise<HttpReply> => {
      asked.push(url)
      return { status, headers: {}, body: JSON.stringify(body) }
    },
    openSocket: () => ({ send: () => {}, close: () => {} }),
  }
  return { reader: createBinancePublic(runtime, 'https://binance.test'), asked }
}

// Shapes of the venue's documents.
const ratio = {
  symbol: 'BTCUSDT',
  longShortRatio: '0.1960',
  longAccount: '0.6622',
  shortAccount: '0.3378',
  timestamp: 1583139600000,
}

test('reads mark and index of every symbol', async () => {
  const { reader, asked } = answering([
    {
      symbol: 'BTCUSDT',
      markPrice: '11793.63104562',
      indexPrice: '11781.80495970',
      estimatedSettlePrice: '11781.16138815',
      lastFundingRate: '0.00038246',
      interestRate: '0.00010000',
      nextFundingTime: 1597392000000,
      time: 1597370495002,
    },
  ])
  expect(await reader.premiumIndex()).toMatchObject([
    { symbol: 'BTCUSDT', markPrice: 11793.63104562, timeMs: 1597370495002 },
  ])
  expect(asked).toEqual(['https://binance.test/fapi/v1/premiumIndex'])
})

test('reads open interest in base units', async () => {
  const { reader, asked } = answering({
    openInterest: '10659.509',
    symbol: 'BTCUSDT',
    time: 1589437530011,
  })
  expect(await reader.openInterest('BTCUSDT')).toEqual({
    symbol: 'BTCUSDT',
    openInterest: 10659.509,
    timeMs: 1589437530011,
  })
  expect(asked).toEqual(['https://binance.test/fapi/v1/openInterest?symbol=BTCUSDT'])
})

test('reads the newest long/short ratio', async () => {
  const { reader, asked } = answering([ratio])
  expect(await reader.longShortRatio('BTCUSDT')).toEqual({
    symbol: 'BTCUSDT',
    longShare: 0.6622,
    shortShare: 0.3378,
    longShortRatio: 0.196,
    timeMs: 1583139600000,
  })
  expect(asked[0]).toContain('/futures/data/globalLongShortAccountRatio?symbol=BTCUSDT&period=5m')
})

test.each([[[]], [[{ ...ratio, longAccount: 'NaN' }]], [{}]])('refuses %j', (raw) => {
  expect(() => readLongShortRatio(raw)).toThrow(/^globalLongShortAccountRatio: /)
})

test.each([
  [429, 'VENUE_RATE_LIMITED'],
  [418, 'VENUE_BANNED'],
  [451, 'VENUE_REFUSED'],
  [400, 'VENUE_REFUSED'],
])('an answer of %i is %s, never a number', async (status, code) => {
  const { reader } = answering({ code: 0, msg: 'restricted location' }, status)
  await expect(reader.premiumIndex()).rejects.toMatchObject({ code })
})
