import { describe, expect, test } from 'vitest'
import { type RawConfig, readConfig } from './config.ts'
import { filledIn, readStackFile } from './record.fixture.ts'

const good: RawConfig = { ...readStackFile('dev'), ...filledIn }
const reading = (changes: RawConfig) => () => readConfig('dev', { ...good, ...changes })
const without = (key: string): RawConfig =>
  Object.fromEntries(Object.entries(good).filter(([name]) => name !== key))

test.each(['dev', 'prod'])('stack %s trades play money once it is filled in', (stack) => {
  const config = readConfig(stack, { ...readStackFile(stack), ...filledIn })
  expect(config.mode).toBe('paper')
  expect(config.allowLive).toBe('no')
  expect(config.labels).toEqual({ app: 'asterai', stack, mode: 'paper' })
})

test.each(['dev', 'prod'])('stack %s as it is committed builds nothing', (stack) => {
  expect(() => readConfig(stack, readStackFile(stack))).toThrow(/still a placeholder/)
})

test('without a release only the foundation is asked for', () => {
  const foundation = Object.fromEntries(
    Object.entries(good).filter(([key]) => !/release|functionsZip|secretVersions/.test(key)),
  )
  expect(readConfig('dev', foundation).release).toBeUndefined()
})

describe('real money needs two switches', () => {
  const live = { 'asterai:mode': 'live' }
  const keys = {
    'asterai:secretVersions': '{"alert-webhook":1,"aster-agent-key":1,"aster-reader-key":2}',
  }
  const admins = { 'asterai:consoleAdmins': '["ada@example.com","bob@example.com"]' }
  test('the first alone is refused', () => {
    expect(reading({ ...live, ...keys })).toThrow(/second switch/)
    expect(reading({ ...live, ...keys, 'asterai:allowLive': 'no' })).toThrow(/second switch/)
  })
  test('the second alone stays paper', () => {
    expect(reading({ 'asterai:allowLive': 'yes' })().mode).toBe('paper')
  })
  test('both need the keys', () => {
    expect(reading({ ...live, ...admins, 'asterai:allowLive': 'yes' })).toThrow(
      /secretVersions\.aster-agent-key.*gcloud secrets versions add aster-agent-key/,
    )
    expect(reading({ ...live, ...keys, ...admins, 'asterai:allowLive': 'yes' })().mode).toBe('live')
  })
  test('and two people', () => {
    const same = { 'asterai:consoleAdmins': '["ada@example.com","Ada@example.com"]' }
    expect(reading({ ...live, ...keys, ...same, 'asterai:allowLive': 'yes' })).toThrow(
      /two consoleAdmins/,
    )
  })
})

test.each([
  ['gcp:project', /gcp:project is not set/],
  ['asterai:projectNumber', /projectNumber/],
  ['asterai:symbols', /symbols/],
  ['asterai:equityUsdt', /equityUsdt/],
  ['asterai:alertEmails', /alertEmails/],
  ['asterai:functionsZip', /functionsZip is needed with a release/],
  ['asterai:secretVersions', /secretVersions\.alert-webhook is not set/],
])('%s must be there', (key, message) => {
  expect(() => readConfig('dev', without(key))).toThrow(message)
})

test.each([
  ['asterai:projectNumber', 'asterai-example', /is no project number/],
  ['asterai:region', 'tokyo', /is no region/],
  ['asterai:release', 'latest', /must name one release/],
  ['asterai:functionsZip', 'functions.zip', /functions-<sha256>/],
  ['asterai:mode', 'real', /mode/],
  ['asterai:equityUsdt', '0', /equityUsdt/],
  ['asterai:equityUsdt', '1.5', /equityUsdt/],
  ['asterai:symbols', '["BTCUSDT","BTCUSDT"]', /twice/],
  ['asterai:secretVersions', '{"alert-webhook":"latest"}', /secretVersions/],
  ['asterai:secretVersions', '{"alert-webhok":1}', /secretVersions/],
  ['asterai:billingAccount', '123', /is no billing account/],
  ['asterai:collectorImage', 'example.com/otel:latest', /must not be latest/],
  ['asterai:github', '{"repository":"a/b"}', /github\.repositoryId is no number/],
  ['asterai:github', '{"repository":"a","repositoryId":1}', /is no owner\/name/],
  ['asterai:gpuHoursPerDayMax', '25', /gpuHoursPerDayMax/],
  ['asterai:gpuHoursPerMonthMax', '-1', /gpuHoursPerMonthMax/],
  ['asterai:gpuWindowUtc', '22:00-26:00', /wants UTC hours/],
  ['asterai:gpuWindowUtc', '9:00-17:00', /wants UTC hours/],
  ['asterai:gpuHours', '{"on":"0 0 6 * * *","off":"0 14 * * *"}', /cron/],
  ['asterai:equityUsd', '500', /did you mean equityUsdt/],
])('%s = %s is refused in one clear line', (key, value, message) => {
  expect(reading({ [key]: value })).toThrow(message)
  try {
    reading({ [key]: value })()
  } catch (error) {
    expect((error as Error).message).not.toContain('\n')
    expect((error as Error).message).toContain('Pulumi.dev.yaml')
  }
})
