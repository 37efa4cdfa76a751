import * as pulumi from '@pulumi/pulumi'
import { expect, test } from 'vitest'
import { recordStack } from './record.fixture.ts'

test('the entry reads the settings of its stack and tells what the pipeline asks for', async () => {
  let outputs: Record<string, unknown> = {}
  const stack = await recordStack('dev', {}, async (_, raw) => {
    pulumi.runtime.setAllConfig({ ...raw })
    outputs = { ...(await import('./index.ts')) }
  })
  expect(stack.length).toBeGreaterThan(300)
  // A release that fails goes back to the code of the one before, which must still be in the bucket.
  expect(stack.find(({ name }) => name === 'functions-zip')?.isKept).toBe(true)
  expect(outputs).toMatchObject({
    project: 'asterai-example',
    region: 'asia-northeast1',
    dataset: 'asterai',
    release: '3f2c1ab',
  })
  expect(outputs.functionsZip).toMatch(/^dist\/functions-/)
  expect(outputs.consoleUrl).toBe('https://console-100000000001.asia-northeast1.run.app')
  expect(outputs.functionUrls).toMatchObject({
    'check-data': 'https://check-data-100000000001.asia-northeast1.run.app',
  })
  expect(Object.keys(outputs)).toEqual(
    expect.arrayContaining(['sourceBucket', 'executorAddress', 'ingestionAddress', 'images']),
  )
})
