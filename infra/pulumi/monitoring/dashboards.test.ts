import { expect, test } from 'vitest'
import { alerts } from '#shared/cloud/manifest/alert.ts'
import { metrics } from '#shared/cloud/manifest/metric.ts'
import { prometheusName } from '#shared/cloud/telemetry/name.ts'
import { readConfig } from '../config.ts'
import { filledIn, readStackFile } from '../record.fixture.ts'
import { conditionsOf } from './conditions.ts'
import { shownMetrics } from './dashboards.ts'

const conditions = conditionsOf(readConfig('prod', { ...readStackFile('prod'), ...filledIn }))

test('every metric of the manifest is on a dashboard', () => {
  expect([...shownMetrics].sort()).toEqual(Object.keys(metrics).sort())
})

test('every alert of the manifest has its conditions, and no other has any', () => {
  expect(Object.keys(conditions).sort()).toEqual(Object.keys(alerts).sort())
})

test('a query asks only for metrics that exist', () => {
  const known = new Set(
    (Object.keys(metrics) as (keyof typeof metrics)[]).map((name) => prometheusName(name)),
  )
  const asked = Object.values(conditions)
    .flat()
    .flatMap((condition) =>
      condition.kind === 'query' ? (condition.query.match(/asterai_\w+/g) ?? []) : [],
    )
  expect(asked.length).toBeGreaterThan(5)
  for (const name of asked) expect(known).toContain(name)
})

const queriesOf = (alert: keyof typeof conditions) =>
  conditions[alert].filter((condition) => condition.kind === 'query')

test('an alert about orders counts nothing but orders', () => {
  const [rejects] = queriesOf('order-rejects')
  const selectors = rejects?.query.match(/asterai_order_outcomes_total\S*\[/g) ?? []
  expect(selectors).toHaveLength(2)
  for (const selector of selectors) expect(selector).toContain('operation="place"')
})

test('an instance that ended is no second holder of the lease', () => {
  const [contended] = queriesOf('lease-contended')
  // What it said last is remembered for so long; the alert must wait longer.
  const rememberedSeconds = Number(/\[(\d+)s\]/.exec(contended?.query ?? '')?.[1])
  expect(contended?.forSeconds).toBeGreaterThan(rememberedSeconds)
  for (const { query } of queriesOf('executor-silent')) expect(query).toMatch(/_over_time\(/)
})
