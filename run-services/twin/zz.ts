import { openTapeMarket } from '#services/twin/tape-market.ts'
import { createExchange } from '#shared/simulation/exchange.ts'
import { createTapeSource } from '#shared/simulation/tape.ts'
import { bestLevel } from '#shared/simulation/level-book.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
const { header, events } = await openTape(['../shared/data/orderbook/binance_raw/usdm_btcusdt_20240718.gz'])
const all: any[] = []; for await (const e of events) all.push('levels' in e ? { ...e, levels: e.levels.slice(0, 2*(e.bidCount+e.askCount)) } : { ...e })
const startUs = 1_790_000_000_000_000 as any
let i = 0, n: any = { crossed: 0, checks: 0 }
const sink: any = { level() {}, mark() {}, trade() {}, funding() {}, order() {}, account() {} }
const x = createExchange({ instruments: header.instruments.map((o, id) => ({ ...o, id })), accounts: [], sources: [createTapeSource({ pull: () => all[i++], startUs, instrumentIds: new Map(header.instruments.map((o, id) => [o.id, id])) })], startUs, sink })
const dur = all.at(-1).receiveTimeUs - all[0].receiveTimeUs
const late: any = {}
const t0 = performance.now()
for (let t = 0; t <= dur; t += 10_000) { x.advance(startUs + t); const m = x.state.markets[0]!; const b = bestLevel(m.bids), a = bestLevel(m.asks); n.checks++; if (b && a && b.priceTicks >= a.priceTicks) n.crossed++; if (b && a) { const s = a.priceTicks - b.priceTicks; late[s > 20 ? '>20' : s] = (late[s > 20 ? '>20' : s] ?? 0) + 1 } }
console.log(all.length, 'events', (dur/1e6).toFixed(0), 's', n, (performance.now()-t0).toFixed(0), 'ms', late)
