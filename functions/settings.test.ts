import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

test('without variables little is spent', () => {
  expect(readSettings({})).toMatchObject({
    symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
    gpuHoursPerDayMax: 8,
    budgetActionShare: 1,
    trainingImage: undefined,
  })
})

test('reads lists, windows and numbers', () => {
  const settings = readSettings({
    ASTERAI_SYMBOLS: 'ASTERUSDT, BTCUSDT',
    GPU_WINDOW_UTC: '22:30-06:00',
    GPU_HOURS_PER_DAY_MAX: '2.5',
  })
  expect(settings.symbols).toEqual(['ASTERUSDT', 'BTCUSDT'])
  expect(settings.gpuWindow).toEqual({ fromMinute: 1_350, untilMinute: 360 })
  expect(settings.gpuHoursPerDayMax).toBe(2.5)
})

test('no GPU at all is a setting, not a fault', () => {
  expect(readSettings({ GPU_HOURS_PER_DAY_MAX: '0', GPU_HOURS_PER_MONTH_MAX: '0' })).toMatchObject({
    gpuHoursPerDayMax: 0,
    gpuHoursPerMonthMax: 0,
  })
})

test.each([
  ['ASTERAI_SYMBOLS', 'btc'],
  ['GPU_WINDOW_UTC', '7-15'],
  ['GPU_WINDOW_UTC', '25:00-26:00'],
  ['GPU_WINDOW_UTC', '22:00-26:00'],
  ['GPU_HOURS_PER_DAY_MAX', '25'],
  ['GPU_HOURS_PER_DAY_MAX', '-1'],
  ['GPU_HOURS_PER_DAY_MAX', ''],
  ['GPU_HOURS_PER_MONTH_MAX', 'many'],
  ['BUDGET_ACTION_SHARE', '0'],
  ['TRAINING_MODELS_PATH', 'gs://bucket'],
])('%s=%s is one clear line', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name}: [^\\n]+$`))
})
