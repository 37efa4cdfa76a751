import { expect, test } from 'vitest'
import { exampleInstrument } from '../fixture.ts'
import { readCandle, readFundingRates, readKlines, readPremiums } from './market.ts'

test('REST klines are read, whatever the venue appends', () => {
  const row = [
    1499040000000,
    '0.0163',
    '0.8',
    '0.0157',
    '0.0157',
    '148.1',
    1499644799999,
    '2434.1',
    308,
    '1756.8',
    '28.4',
    '179',
    'new',
  ]
  expect(readKlines([row])).toEqual([
    {
      openTimeMs: 1499040000000,
      closeTimeMs: 1499644799999,
      open: 0.0163,
      high: 0.8,
      low: 0.0157,
      close: 0.0157,
      volume: 148.1,
      quoteVolume: 2434.1,
      tradeCount: 308,
    },
  ])
  expect(() => readKlines([row.slice(0, 6)])).toThrow(/klines/)
  expect(() => readKlines([[1, 'NaN', ...row.slice(2)]])).toThrow(/klines/)
})

test('a stream kline becomes ticks and lots and says whether it is closed', () => {
  const raw = {
    e: 'kline',
    E: 1638747660000,
    s: 'BTCUSDT',
    k: {
      t: 1638747600000,
      T: 1638747659999,
      s: 'BTCUSDT',
      i: '1m',
      f: 100,
      L: 200,
      o: '10.0',
      c: '20.0',
      h: '25.0',
      l: '5.5',
      v: '1000',
      n: 100,
      x: true,
      q: '1.0',
      V: '500',
      Q: '0.5',
      B: '0',
    },
  }
  expect(readCandle(raw, exampleInstrument())).toMatchObject({
    isClosed: true,
    interval: '1m',
    openTicks: 100,
    highTicks: 250,
    lowTicks: 55,
    closeTicks: 200,
    volumeLots: 1_000_000,
    openTimeUs: 1638747600000000,
  })
})

test('premiums come as one object or as a list', () => {
  const row = {
    symbol: 'BTCUSDT',
    markPrice: '11793.63104562',
    indexPrice: '11781.80495970',
    estimatedSettlePrice: '11781.16138815',
    lastFundingRate: '-0.00038246',
    nextFundingTime: 1597392000000,
    interestRate: '0.00010000',
    time: 1597370495002,
  }
  expect(readPremiums(row)).toEqual(readPremiums([row]))
  expect(readPremiums(row)[0]).toMatchObject({
    fundingRate: -0.00038246,
    indexPrice: 11781.8049597,
  })
  expect(() => readPremiums([{ ...row, lastFundingRate: undefined }])).toThrow(/lastFundingRate/)
})

test('settled funding rates are read', () => {
  expect(
    readFundingRates([{ symbol: 'A', fundingRate: '0.0001', fundingTime: 5, markPrice: '1' }]),
  ).toEqual([{ symbol: 'A', fundingRate: 0.0001, fundingTimeMs: 5 }])
})
