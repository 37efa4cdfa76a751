import { describe, expect, test } from 'vitest'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { BookDelta, MarketEvent, Trade } from '#shared/market/event.ts'
import { randomTape } from './random-tape.fixture.ts'
import {
  clearCode,
  createTapePacker,
  feedShiftUs,
  packTape,
  shareTape,
  type TapeBlock,
} from './tape.ts'

const trade = (eventTimeUs: number, receiveTimeUs: number, extra: Partial<Trade> = {}): Trade => ({
  kind: 'trade',
  instrumentId: 0,
  ...{ eventTimeUs: eventTimeUs as Micros, receiveTimeUs: receiveTimeUs as Micros },
  ...{ tradeId: 1, priceTicks: 100 as Ticks, sizeLots: 2 as Lots, aggressor: 'buy', ...extra },
})
const delta = (eventTimeUs: number, receiveTimeUs: number): BookDelta => ({
  kind: 'book-delta',
  instrumentId: 0,
  ...{ eventTimeUs: eventTimeUs as Micros, receiveTimeUs: receiveTimeUs as Micros },
  ...{ sequenceFirst: 1, sequence: 1, sequencePrevious: 0, bidCount: 1, askCount: 1 },
  levels: Int32Array.of(99, 5, 101, 0, 7, 7),
})

test('rows say side, price, size and kind; a shared level buffer is read only as far as it counts', () => {
  const lost: MarketEvent = {
    ...{ kind: 'book-lost', instrumentId: 0, reason: 'test' },
    ...{ eventTimeUs: 3 as Micros, receiveTimeUs: 3 as Micros },
  }
  const sold = trade(2, 2, { aggressor: 'sell', priceTicks: 98 as Ticks })
  const { blocks, rowCount } = packTape([delta(1, 1), trade(2, 2), sold, lost])
  const [block] = blocks
  expect([...block!.rows]).toEqual([198, 5, 203, 0, ~200, 2, ~197, 2, clearCode, 0])
  expect([...block!.frameEnds]).toEqual([4, 8, 10])
  expect(block!.receiveOrder).toBeUndefined()
  expect(rowCount).toBe(5)
})

test('frames lie in the order of the exchange, and know the order of receipt', () => {
  const { blocks } = packTape([trade(5, 10), trade(3, 11), trade(4, 12)])
  const [block] = blocks
  expect([...block!.exchangeTimeUs]).toEqual([3, 4, 5])
  expect([...block!.receiveTimeUs]).toEqual([11, 12, 10])
  expect([...block!.receiveOrder!]).toEqual([2, 0, 1])
})

test('blocks follow each other on both clocks and hold every row once', () => {
  const events = randomTape(21, 6_000)
  const blocks: TapeBlock[] = []
  const packer = createTapePacker({ blockRows: 100, emit: (block) => blocks.push(block) })
  for (const event of events) packer.push(event)
  packer.end()
  expect(blocks.length).toBeGreaterThan(10)
  const rows = blocks.flatMap((block) => [...block.rows])
  expect(rows).toEqual([...packTape(events).blocks[0]!.rows])
  blocks.slice(1).forEach((block, i) => {
    expect(block.exchangeTimeUs[0]).toBeGreaterThanOrEqual(blocks[i]!.exchangeTimeUs.at(-1)!)
    expect(Math.min(...block.receiveTimeUs)).toBeGreaterThanOrEqual(
      Math.max(...blocks[i]!.receiveTimeUs),
    )
  })
})

test('other instruments and other kinds pass unnoticed', () => {
  const timer: Parameters<ReturnType<typeof createTapePacker>['push']>[0] = {
    ...{ kind: 'timer', eventTimeUs: 9 as Micros, receiveTimeUs: 9 as Micros },
  }
  const { rowCount } = packTape([trade(1, 1), { ...trade(2, 2), instrumentId: 7 }, timer])
  expect(rowCount).toBe(1)
})

test('a local clock that ran behind is repaired by one shift', () => {
  const events = [delta(5_000, 1_000), trade(6_000, 2_500)]
  expect(feedShiftUs(events)).toBe(5_000)
  const { blocks } = packTape(events, { receiveShiftUs: feedShiftUs(events) })
  expect([...blocks[0]!.receiveTimeUs]).toEqual([6_000, 7_500])
  expect(feedShiftUs([delta(1_000, 1_000)])).toBe(0)
})

test('shared memory holds the same tape', () => {
  const tape = packTape(randomTape(22, 500))
  const shared = shareTape(tape)
  expect(shared).toEqual(tape)
  expect(shared.blocks[0]!.rows.buffer).toBeInstanceOf(SharedArrayBuffer)
})

describe('refuses', () => {
  test('what was received before it happened, saying what to do', () => {
    expect(() => packTape([trade(1, 1), trade(9, 4)])).toThrow(
      'tape event 2 (trade at 9 µs) was received 5 µs before it happened; shift the receive times',
    )
  })
  test('falling receive times', () => {
    expect(() => packTape([trade(1, 5), trade(1, 4)])).toThrow(
      'received before the event before it',
    )
  })
  test('an event that comes long after its time', () => {
    const late = createTapePacker({ blockRows: 1, emit: () => {} })
    for (const second of [0, 6, 12, 18]) late.push(trade(second * 1e6 + 1, second * 1e6 + 1))
    expect(() => late.push(trade(2, 19e6))).toThrow('before events that came 5000000 µs earlier')
  })
  test('prices that do not fit', () => {
    for (const ticks of [0, -1, 2 ** 30 - 1])
      expect(() => packTape([trade(1, 1, { priceTicks: ticks as Ticks })])).toThrow(
        'ticks does not fit',
      )
  })
  test('an empty tape', () => {
    expect(() => packTape([])).toThrow('no book or trade of instrument 0')
  })
})
