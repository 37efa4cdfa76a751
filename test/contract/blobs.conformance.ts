import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Blobs } from '#shared/cloud/port.ts'

/** What every blob store does. Call inside a `describe`; `open` gives an empty one. */
export function blobsConformance(open: () => Promise<Blobs>): void {
  test('bytes come back as they were put', async () => {
    const blobs = await open()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
        await blobs.put('model/weights.bin', bytes)
        expect(await blobs.get('model/weights.bin')).toEqual(new Uint8Array(bytes))
      }),
      { numRuns: 20 },
    )
  })

  test('what exists is not created again', async () => {
    const blobs = await open()
    expect(await blobs.create('promotions/000001.json', Uint8Array.of(1))).toBe(true)
    expect(await blobs.create('promotions/000001.json', Uint8Array.of(2))).toBe(false)
    expect(await blobs.get('promotions/000001.json')).toEqual(Uint8Array.of(1))
    await blobs.put('promotions/000002.json', Uint8Array.of(3))
    expect(await blobs.create('promotions/000002.json', Uint8Array.of(4))).toBe(false)
    expect(await blobs.get('promotions/000002.json')).toEqual(Uint8Array.of(3))
    expect(await blobs.list('')).toEqual(['promotions/000001.json', 'promotions/000002.json'])
  })

  test('of many that create one blob, one does', async () => {
    const blobs = await open()
    for (let round = 0; round < 5; round++) {
      const name = `promotions/${round}.json`
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, racer) => blobs.create(name, Uint8Array.of(racer))),
      )
      expect(answers.filter(Boolean)).toHaveLength(1)
      expect(await blobs.get(name)).toEqual(Uint8Array.of(answers.indexOf(true)))
    }
  })

  test('what was never put is undefined', async () => {
    const blobs = await open()
    await blobs.put('tape/day/one.arrow', new Uint8Array(1))
    expect(await blobs.get('tape/day/two.arrow')).toBeUndefined()
    expect(await blobs.get('tape/day')).toBeUndefined()
    expect(await blobs.get('tape/day/one.arrow/deeper')).toBeUndefined()
  })

  test('lists names by prefix, sorted, and only blobs', async () => {
    const blobs = await open()
    expect(await blobs.list('')).toEqual([])
    for (const name of ['tape/b.arrow', 'tape/a/2.arrow', 'tape/a/10.arrow', 'report.html'])
      await blobs.put(name, new Uint8Array(1))
    expect(await blobs.list('')).toEqual([
      'report.html',
      'tape/a/10.arrow',
      'tape/a/2.arrow',
      'tape/b.arrow',
    ])
    expect(await blobs.list('tape/a/')).toEqual(['tape/a/10.arrow', 'tape/a/2.arrow'])
    expect(await blobs.list('tape/b')).toEqual(['tape/b.arrow'])
    expect(await blobs.list('nothing')).toEqual([])
  })

  test('writers of one name leave one of their versions, whole', async () => {
    const blobs = await open()
    const versions = [1, 2, 3, 4, 5].map((value) => new Uint8Array(50_000).fill(value))
    await Promise.all(versions.map((bytes) => blobs.put('state.bin', bytes)))
    const kept = await blobs.get('state.bin')
    expect(kept).toHaveLength(50_000)
    expect(new Set(kept).size).toBe(1)
    expect(await blobs.list('')).toEqual(['state.bin'])
  })

  test.each([
    '',
    '/',
    '/etc/passwd',
    '..',
    '../up',
    'a/../../b',
    'a//b',
    'a/',
    '.env',
    'a/.b',
    'a\\b',
    'a\0b',
    '-x',
    'é',
    'a b',
    'x'.repeat(600),
  ])('refuses the name %j', async (name) => {
    const blobs = await open()
    await expect(blobs.put(name, new Uint8Array(1))).rejects.toThrow('is not a blob name')
    await expect(blobs.get(name)).rejects.toThrow('is not a blob name')
  })
}
