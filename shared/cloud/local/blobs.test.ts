import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blobsConformance } from '#test/contract/blobs.conformance.ts'
import { openBlobs } from './blobs.ts'

const freshFolder = () => mkdtemp(join(tmpdir(), 'asterai-blobs-'))

describe('blobs in a folder', () => {
  blobsConformance(async () => openBlobs(join(await freshFolder(), 'made', 'later')))
})

test('a put that fails leaves neither blob nor part', async () => {
  const folder = await freshFolder()
  const blobs = openBlobs(folder)
  await blobs.put('a/b', new Uint8Array(1))
  await expect(blobs.put('a', new Uint8Array(1))).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['a'])
  expect(await blobs.list('')).toEqual(['a/b'])
})
