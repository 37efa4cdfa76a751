import { expect, test } from 'vitest'
import { readSettings } from '#functions/settings.ts'
import { type RawConfig, readConfig } from '#infra/pulumi/config.ts'
import { asRecord, functionVariables } from '#infra/pulumi/environment.ts'
import { filledIn, readStackFile } from '#infra/pulumi/record.fixture.ts'

const configWith = (limits: RawConfig) =>
  readConfig('dev', { ...readStackFile('dev'), ...filledIn, ...limits })

test.each([
  { 'asterai:gpuHoursPerDayMax': '0', 'asterai:gpuHoursPerMonthMax': '0' },
  { 'asterai:gpuHoursPerDayMax': '2.5', 'asterai:gpuWindowUtc': '22:00-06:00' },
  { 'asterai:gpuWindowUtc': '00:00-00:00' },
])('the spend guard starts with every limit that a stack may have: %o', (limits) => {
  const config = configWith(limits)
  const variables = functionVariables({ config, after: { dependsOn: [] } }, 'guard-spend', {})
  const settings = readSettings(asRecord(variables) as Record<string, string>)
  expect(settings.gpuHoursPerDayMax).toBe(config.gpuHoursPerDayMax)
  expect(settings.gpuHoursPerMonthMax).toBe(config.gpuHoursPerMonthMax)
})

test.each([
  ['asterai:gpuWindowUtc', 'GPU_WINDOW_UTC', '22:00-26:00'],
  ['asterai:gpuHoursPerDayMax', 'GPU_HOURS_PER_DAY_MAX', '25'],
  ['asterai:gpuHoursPerMonthMax', 'GPU_HOURS_PER_MONTH_MAX', '-1'],
])('what the guard refuses is refused before anything is deployed: %s', (key, variable, value) => {
  expect(() => readSettings({ [variable]: value })).toThrow(variable)
  expect(() => configWith({ [key]: value })).toThrow(key)
})
