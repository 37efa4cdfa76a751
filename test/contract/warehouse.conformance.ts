import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { Row, Warehouse } from '#shared/cloud/port.ts'

/** What every warehouse does. Call inside a `describe`; `open` gives an empty one with the manifest's tables. */
export function warehouseConformance(open: () => Promise<Warehouse>): void {
  const opened: Warehouse[] = []
  const fresh = async () => {
    const warehouse = await open()
    opened.push(warehouse)
    return warehouse
  }
  afterEach(async () => {
    for (const warehouse of opened.splice(0)) await warehouse.close()
  })

  test('a row comes back exactly', async () => {
    const warehouse = await fresh()
    await warehouse.insert('fills', [fillRow(1, { fee: '-123456789012345.00000001', mid: null })])
    const { columns, rows } = await warehouse.query(
      'SELECT trade_id, fee, mid, price, event_time FROM fills',
    )
    expect(columns).toEqual(['trade_id', 'fee', 'mid', 'price', 'event_time'])
    expect(rows).toEqual([
      [1, '-123456789012345.00000001', null, 64_000.1, '2023-11-14T22:13:20.000001Z'],
    ])
  })

  test('money adds up to the last unit', async () => {
    const warehouse = await fresh()
    const amounts = ['0.1', '0.2', '-0.00000001', '1000000000000.00000003']
    await warehouse.insert(
      'funding_payments',
      amounts.map((amount, index) => paymentRow(index, amount)),
    )
    const { rows } = await warehouse.query('SELECT sum(amount) FROM funding_payments')
    expect(rows).toEqual([['1000000000000.30000002']])
  })

  test('a second delivery changes nothing, in one batch or in two', async () => {
    const warehouse = await fresh()
    await warehouse.insert('fills', [fillRow(1), fillRow(2), fillRow(1)])
    await warehouse.insert('fills', [fillRow(2), fillRow(3, { fee: '9' }), fillRow(3)])
    const { rows } = await warehouse.query('SELECT trade_id, fee FROM fills ORDER BY trade_id')
    expect(rows).toEqual([
      [1, '0.10000000'],
      [2, '0.10000000'],
      [3, '0.10000000'],
    ])
  })

  test('of rows with one key and other values the same one shows, whatever came first', async () => {
    const candle = (high: number, trades: number | null, symbol: string): Row => ({
      venue: 'aster',
      symbol,
      interval: '1m',
      open_time: 1_700_000_040_000_000,
      open: 100,
      high,
      low: 90,
      close: 105,
      volume: 50,
      quote_volume: 5_000,
      trades,
    })
    const rows: (readonly [number, number | null])[] = [
      [110, 60],
      [101, null],
      [101, 5],
      [101, 7],
    ]
    const orders = [rows, rows.toReversed(), [rows[2]!, rows[0]!, rows[3]!, rows[1]!]]
    const warehouse = await fresh()
    for (const [index, order] of orders.entries())
      for (const [high, trades] of order)
        await warehouse.insert('candles', [candle(high, trades, `S${index}`)])
    await warehouse.insert(
      'candles',
      rows.map(([high, trades]) => candle(high, trades, 'WHOLE')),
    )
    const { rows: shown } = await warehouse.query(
      'SELECT symbol, high, trades FROM candles ORDER BY symbol',
    )
    expect(shown).toEqual(['S0', 'S1', 'S2', 'WHOLE'].map((symbol) => [symbol, 101, 5]))
  })

  test('whatever the batches, the rows are the set of keys sent', { timeout: 60_000 }, async () => {
    const warehouse = await fresh()
    const sent = new Set<number>()
    const batches = fc.array(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 30 }), {
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(batches, async (ids) => {
        for (const batch of ids) {
          await warehouse.insert(
            'funding_payments',
            batch.map((id) => paymentRow(id, '1')),
          )
          for (const id of batch) sent.add(id)
        }
        const { rows } = await warehouse.query('SELECT count(*), sum(amount) FROM funding_payments')
        expect(rows[0]?.[0]).toBe(sent.size)
        expect(Number(rows[0]?.[1])).toBe(sent.size)
      }),
      { numRuns: 20 },
    )
  })

  test('batches larger than any buffer are stored whole', async () => {
    const warehouse = await fresh()
    await warehouse.insert(
      'funding_payments',
      Array.from({ length: 5_000 }, (_, id) => paymentRow(id, '0.01')),
    )
    const { rows } = await warehouse.query('SELECT count(*), sum(amount) FROM funding_payments')
    expect(rows).toEqual([[5_000, '50.00000000']])
  })

  test('inserts and queries may overlap', async () => {
    const warehouse = await fresh()
    const inserts = [0, 1, 2, 3].map((batch) =>
      warehouse.insert('fills', [fillRow(batch), fillRow(batch + 10)]),
    )
    const question = warehouse.query('SELECT count(*) FROM fills')
    await Promise.all([...inserts, question])
    const { rows } = await warehouse.query('SELECT count(*) FROM fills')
    expect(rows).toEqual([[8]])
  })

  test('a batch with one bad row stores none of it, and the next one works', async () => {
    const warehouse = await fresh()
    const bad = fillRow(5_000, { price: 'high' })
    const rows = [...Array.from({ length: 3_000 }, (_, id) => fillRow(id)), bad]
    await expect(warehouse.insert('fills', rows)).rejects.toMatchObject({ code: 'ROW_INVALID' })
    await warehouse.insert('fills', [fillRow(1)])
    expect((await warehouse.query('SELECT count(*) FROM fills')).rows).toEqual([[1]])
  })

  test.each<[string, string, Row, string]>([
    ['an unknown table', 'fill', fillRow(1), "no table 'fill'"],
    ['an unknown column', 'fills', fillRow(1, { colour: 'red' }), "no column 'colour'"],
    ['money as a float', 'fills', fillRow(1, { fee: 0.1 }), 'fills.fee wants decimal text'],
    ['money with 9 decimals', 'fills', fillRow(1, { fee: '0.000000001' }), 'fills.fee wants'],
    ['a float that is not a number', 'fills', fillRow(1, { price: Number.NaN }), 'fills.price'],
    ['a half as an integer', 'fills', fillRow(0.5), 'fills.trade_id wants a whole number'],
    ['no key', 'fills', fillRow(1, { run_id: null }), 'fills.run_id wants text, got null'],
    ['a time with a fraction', 'fills', fillRow(1, { event_time: 1.5 }), 'fills.event_time wants'],
  ])('refuses %s in one line', async (_, table, row, message) => {
    const warehouse = await fresh()
    const failure = await warehouse.insert(table, [row]).catch((error) => error)
    expect(failure).toMatchObject({ code: 'ROW_INVALID' })
    expect(failure.message).toContain(message)
    expect(failure.message).not.toContain('\n')
  })

  test('refuses a row that lacks a column: absent is not null', async () => {
    const warehouse = await fresh()
    const { fee: _, ...row } = fillRow(1)
    await expect(warehouse.insert('fills', [row])).rejects.toThrow(
      "row for table 'fills' lacks column 'fee'",
    )
  })

  test.each([
    ['nothing', ''],
    ['a typing error', 'SELEC 1'],
    ['an unknown table', 'SELECT * FROM nowhere'],
    ['a deletion', 'DELETE FROM fills'],
    ['a drop behind a question', 'SELECT 1; DROP TABLE fills'],
    ['an analysed deletion', 'EXPLAIN ANALYZE DELETE FROM fills'],
  ])('answers %s with QUERY_INVALID and changes nothing', async (_, sql) => {
    const warehouse = await fresh()
    await warehouse.insert('fills', [fillRow(1)])
    const failure = await warehouse.query(sql).catch((error) => error)
    expect(failure).toMatchObject({ code: 'QUERY_INVALID' })
    expect(failure.message).not.toContain('\n')
    expect((await warehouse.query('SELECT count(*) FROM fills')).rows).toEqual([[1]])
  })

  test('closing twice is closing once, and using it later is an error', async () => {
    const warehouse = await fresh()
    await Promise.all([warehouse.close(), warehouse.close()])
    await expect(warehouse.query('SELECT 1')).rejects.toThrow('after its close')
    await expect(warehouse.insert('fills', [fillRow(1)])).rejects.toThrow('after its close')
  })
}

export function fillRow(tradeId: number, other: Row = {}): Row {
  return {
    run_id: 'run-1',
    trade_id: tradeId,
    client_order_id: `glft-1-${tradeId}`,
    strategy: 'glft',
    symbol: 'BTCUSDT',
    side: 'buy',
    price: 64_000.1,
    size: 0.001,
    liquidity: 'maker',
    fee: '0.1',
    realised_pnl: '0',
    mid: 64_000.05,
    event_time: 1_700_000_000_000_001,
    receive_time: 1_700_000_000_000_501,
    ...other,
  }
}

export const paymentRow = (transactionId: number, amount: string): Row => ({
  run_id: 'run-1',
  symbol: 'BTCUSDT',
  transaction_id: transactionId,
  amount,
  recorded_at: 1_700_000_000_000_000 + transactionId,
})
