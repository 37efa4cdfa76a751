import { expect, test } from 'vitest'
import { virtualTime } from '#shared/cloud/process/virtual-time.fixture.ts'
import { openMeter } from '#shared/cloud/telemetry/meter.ts'
import { streamsOf } from '#shared/venue/aster/market-stream.ts'
import { measureStreams } from './measure.ts'

async function world() {
  const time = virtualTime()
  const { metrics, scrape } = await openMeter({ service: 'collector' })
  const measured = measureStreams({ ...time, metrics }, streamsOf('BTCUSDT', true))
  const read = async (pattern: RegExp) =>
    (await scrape()).split('\n').filter((line) => pattern.test(line))
  return { time, measured, read }
}

test('every stream is told from the start: nothing heard is a count of zero, not an absent one', async () => {
  const { read } = await world()
  expect(await read(/^asterai_stream_(messages|gaps|resyncs|reconnects)/)).toEqual([
    'asterai_stream_messages_total{stream="btcusdt@depth"} 0',
    'asterai_stream_messages_total{stream="btcusdt@aggTrade"} 0',
    'asterai_stream_messages_total{stream="btcusdt@markPrice"} 0',
    'asterai_stream_messages_total{stream="btcusdt@forceOrder"} 0',
    'asterai_stream_gaps_total{stream="btcusdt@depth"} 0',
    'asterai_stream_resyncs_total{stream="btcusdt@depth"} 0',
    'asterai_stream_reconnects_total 0',
  ])
})

test('messages add up, and each stream is as old as its last one', async () => {
  const { time, measured, read } = await world()
  for (let n = 0; n < 3; n++) measured.heard('btcusdt@depth', time.clock.nowUs())
  await time.pass(8)
  measured.heard('btcusdt@markPrice', time.clock.nowUs())
  await time.pass(4)
  expect(await read(/messages.*(depth|markPrice)/)).toEqual([
    'asterai_stream_messages_total{stream="btcusdt@depth"} 3',
    'asterai_stream_messages_total{stream="btcusdt@markPrice"} 1',
  ])
  expect(await read(/age/)).toEqual(
    expect.arrayContaining([
      'asterai_stream_age_seconds{stream="btcusdt@depth"} 10',
      'asterai_stream_age_seconds{stream="btcusdt@markPrice"} 2',
      'asterai_stream_age_seconds{stream="btcusdt@forceOrder"} 10',
    ]),
  )
})

test('what came since the last telling is told at the end, and nothing after it', async () => {
  const { time, measured, read } = await world()
  measured.heard('btcusdt@aggTrade', time.clock.nowUs())
  measured.gap('btcusdt@depth')
  measured.resynced('btcusdt@depth')
  measured.reconnected()
  measured.stop()
  await time.pass(60)
  expect(await read(/ 1$/)).toEqual([
    'asterai_stream_messages_total{stream="btcusdt@aggTrade"} 1',
    'asterai_stream_gaps_total{stream="btcusdt@depth"} 1',
    'asterai_stream_resyncs_total{stream="btcusdt@depth"} 1',
    'asterai_stream_reconnects_total 1',
  ])
  expect(await read(/^asterai_stream_age.* [^0]/)).toEqual([])
})
