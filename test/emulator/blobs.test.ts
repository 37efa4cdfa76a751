import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createEmulatedBucket,
  type StorageEmulator,
  startStorageEmulator,
} from '#shared/cloud/emulator/storage.ts'
import { openStorageBlobs } from '#shared/cloud/gcp/blobs.ts'
import { blobsConformance } from '#test/contract/blobs.conformance.ts'

const project = 'asterai-test'
let emulator: StorageEmulator
let buckets = 0
beforeAll(async () => {
  emulator = await startStorageEmulator()
})
afterAll(() => emulator?.close())

async function open() {
  buckets += 1
  const bucket = `bucket-${buckets}`
  await createEmulatedBucket(emulator.host, project, bucket)
  return openStorageBlobs({ project, bucket, endpoint: `http://${emulator.host}` })
}

describe('blobs in Cloud Storage', () => {
  blobsConformance(open)
})

test('works as well where the environment names the emulator', async () => {
  onTestFinished(() => {
    delete process.env.STORAGE_EMULATOR_HOST
  })
  process.env.STORAGE_EMULATOR_HOST = emulator.host
  const blobs = await open()
  expect(await blobs.create('a/b.json', Uint8Array.of(1))).toBe(true)
  expect(await blobs.create('a/b.json', Uint8Array.of(1))).toBe(false)
  expect(await blobs.get('a/b.json')).toEqual(Uint8Array.of(1))
  expect(await blobs.get('a/c.json')).toBeUndefined()
  expect(await blobs.list('a/')).toEqual(['a/b.json'])
})

test('a blob larger than one request comes back whole', async () => {
  const blobs = await open()
  const bytes = new Uint8Array(9_000_000).map((_, index) => index % 251)
  await blobs.put('tape/long.arrow', bytes)
  const kept = await blobs.get('tape/long.arrow')
  expect(Buffer.compare(Buffer.from(kept ?? []), Buffer.from(bytes))).toBe(0)
})

test('a bucket that does not exist is named', async () => {
  const blobs = openStorageBlobs({
    project,
    bucket: 'nowhere',
    endpoint: `http://${emulator.host}`,
  })
  await expect(blobs.put('a', new Uint8Array(1))).rejects.toMatchObject({
    code: 'PLATFORM_REFUSED',
    message: expect.stringContaining('gs://nowhere/a'),
  })
})

test('a platform that does not answer is a fault, not an absent blob', async () => {
  const gone = await startStorageEmulator()
  await gone.close()
  const place = { project, bucket: 'b', endpoint: `http://${gone.host}` }
  const blobs = openStorageBlobs(place, { tryTimeoutMs: 1_000, triesMax: 2 })
  const fault = { code: 'PLATFORM_UNREACHABLE', message: expect.stringContaining('gs://b/a') }
  await expect(blobs.get('a')).rejects.toMatchObject(fault)
  await expect(blobs.put('a', new Uint8Array(1))).rejects.toMatchObject(fault)
  await expect(blobs.create('a', new Uint8Array(1))).rejects.toMatchObject(fault)
  await expect(blobs.list('a')).rejects.toMatchObject(fault)
})

test('a platform that takes a call and stays silent is a fault after a while', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  const { port } = silent.address() as AddressInfo
  const place = { project, bucket: 'b', endpoint: `http://127.0.0.1:${port}` }
  const blobs = openStorageBlobs(place, { tryTimeoutMs: 100, triesMax: 2 })
  await expect(blobs.get('a')).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' })
  await expect(blobs.put('a', new Uint8Array(1))).rejects.toThrow('no answer in 100 ms')
  silent.close()
})
