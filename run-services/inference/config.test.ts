import { expect, test } from 'vitest'
import { readInferenceConfig } from './config.ts'

test('everything has a safe default: the CPU, one thread', () => {
  expect(readInferenceConfig({})).toEqual({
    port: 8080,
    provider: 'cpu',
    threads: 1,
    pollSeconds: 30,
  })
})

test('what is set is taken', () => {
  const environment = {
    PORT: '9000',
    INFERENCE_PROVIDER: 'cuda',
    INFERENCE_THREADS: '4',
    PROMOTION_POLL_SECONDS: '5',
  }
  expect(readInferenceConfig(environment)).toEqual({
    port: 9000,
    provider: 'cuda',
    threads: 4,
    pollSeconds: 5,
  })
})

test.each([
  ['PORT', 'http'],
  ['PORT', '70000'],
  ['INFERENCE_PROVIDER', 'gpu'],
  ['INFERENCE_THREADS', '0'],
  ['PROMOTION_POLL_SECONDS', '1.5'],
  ['OTLP_URL', 'localhost'],
])('%s=%s is refused by its name', (name, value) => {
  expect(() => readInferenceConfig({ [name]: value })).toThrow(new RegExp(name))
})
