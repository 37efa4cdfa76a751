import { expect, test } from 'vitest'
import { type MetricName, metrics as specs } from '../manifest/metric.ts'
import { openMeter } from './meter.ts'
import { prometheusName } from './name.ts'

test('every metric of the manifest is told under the name alerts and dashboards ask for', async () => {
  const { metrics, scrape, close } = await openMeter({ service: 'executor' })
  const names = Object.keys(specs) as MetricName[]
  for (const name of names) {
    const { kind } = specs[name]
    if (kind === 'counter') metrics.add(name, 2)
    if (kind === 'gauge') metrics.set(name, 3)
    if (kind === 'histogram') metrics.record(name, 4)
  }
  const lines = (await scrape()).split('\n')
  for (const name of names) {
    const suffix = specs[name].kind === 'histogram' ? '_count' : ''
    const told = lines.filter(
      (line) => line.replace(/[ {].*/, '') === prometheusName(name) + suffix,
    )
    expect(told, prometheusName(name)).toHaveLength(1)
  }
  await close()
})

test('counters add, gauges stand at the last value, attributes keep series apart', async () => {
  const { metrics, scrape, close } = await openMeter({ service: 'executor' })
  metrics.add('asterai.fills', 1, { strategy: 'glft' })
  metrics.add('asterai.fills', 2, { strategy: 'glft' })
  metrics.add('asterai.fills', 5, { strategy: 'grid' })
  metrics.set('asterai.account.equity', 50)
  metrics.set('asterai.account.equity', 49.5)
  const text = await scrape()
  expect(text).toContain('asterai_fills_total{strategy="glft"} 3')
  expect(text).toContain('asterai_fills_total{strategy="grid"} 5')
  expect(text).toContain('asterai_account_equity_usdt 49.5')
  await close()
})

test('a latency lands in the bucket it belongs to', async () => {
  const { metrics, scrape, close } = await openMeter({ service: 'executor' })
  metrics.record('asterai.order.latency', 12, { operation: 'place' })
  const text = await scrape()
  const bucket = (le: string) =>
    `asterai_order_latency_milliseconds_bucket{operation="place",le="${le}"}`
  expect(text).toContain(`${bucket('10')} 0`)
  expect(text).toContain(`${bucket('20')} 1`)
  await close()
})
