import { expect, test } from 'vitest'
import { suggestSymbol } from './suggest-symbol.ts'

const known = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', '1000PEPEUSDT', 'BTCSPOT']

test.each([
  ['btc', 'BTCUSDT'],
  ['BTCUSD', 'BTCUSDT'],
  ['BTCUSDC', 'BTCUSDT'],
  ['BCTUSDT', 'BTCUSDT'],
  ['ETUSDT', 'ETHUSDT'],
  ['SOOLUSDT', 'SOLUSDT'],
  ['100PEPEUSDT', '1000PEPEUSDT'],
])('%s may mean %s', (symbol, meant) => {
  expect(suggestSymbol(symbol, known)).toBe(meant)
})

test.each(['DOGEUSDT', 'BNBUSDT', 'XRPUSDT', 'USDT'])('%s means none of them', (symbol) => {
  expect(suggestSymbol(symbol, known)).toBeUndefined()
})
