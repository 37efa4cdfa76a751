import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { captureInstrument } from '#shared/venue/aster/capture/instrument.ts'
import { createLineSplitter } from '#shared/venue/aster/capture/lines.ts'
import { createDepthScan, scanDepth } from '#shared/venue/aster/scan/depth.ts'
import { createFrameReader } from '#shared/venue/aster/scan/frame-reader.ts'
import { readDepth, readTrade } from '#shared/venue/aster/scan/slow.ts'

const path = '../shared/data/orderbook/binance_raw/usdm_ethusdt_20240718.gz'
const isThere = existsSync(path)
if (!isThere) console.warn(`${path} is absent: the scanner is not checked on recorded frames`)

test.skipIf(!isThere)('every recorded frame reads the same by bytes as by JSON', () => {
  const eth = captureInstrument('ETHUSDT')
  const symbol = new TextEncoder().encode('ETHUSDT')
  const reader = createFrameReader([eth])
  const scan = createDepthScan()
  const now = 1 as Micros
  let depths = 0
  let trades = 0
  let slowDepths = 0
  let different = 0
  const splitter = createLineSplitter((bytes, from, to) => {
    const json = bytes.indexOf(32, from) + 1
    const event = reader.read(bytes, now, json, to)
    if (event?.kind !== 'book-delta' && event?.kind !== 'trade') return
    const { data } = JSON.parse(new TextDecoder().decode(bytes.subarray(json, to)))
    if (event.kind === 'trade') {
      trades++
      if (JSON.stringify(event) !== JSON.stringify(readTrade(data, 'trade', eth, now))) different++
      return
    }
    depths++
    const used = 2 * (event.bidCount + event.askCount)
    const read = { ...event, levels: event.levels.slice(0, used) }
    if (JSON.stringify(read) !== JSON.stringify(readDepth(data, eth, now))) different++
    const { payloadFrom, payloadTo } = reader
    if (!scanDepth(bytes, payloadFrom, payloadTo, eth, symbol, scan)) slowDepths++
  })
  splitter.chunk(gunzipSync(readFileSync(path)))
  splitter.end()
  expect({ depths, trades, slowDepths, different }).toEqual({
    depths: 3_273,
    trades: 1_640,
    slowDepths: 0,
    different: 0,
  })
})
