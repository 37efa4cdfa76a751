import { spawn } from 'node:child_process'
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leaseConformance, movableClock } from '#test/contract/lease.conformance.ts'
import { openFileLease } from './lease.ts'

const freshFolder = () => mkdtemp(join(tmpdir(), 'asterai-lease-'))

describe('lease in a folder', () => {
  leaseConformance(async (clock) => {
    const folder = join(await freshFolder(), 'executor')
    return () => openFileLease({ folder, clock })
  })
})

test('files do not pile up over generations', async () => {
  const folder = await freshFolder()
  const clock = movableClock()
  for (let turn = 0; turn < 20; turn++) {
    const lease = openFileLease({ folder, clock })
    expect(await lease.acquire('tokyo')).toBe(turn + 1)
    await lease.release()
  }
  expect((await readdir(folder)).sort()).toEqual(['19.json', '20.json'])
})

test('a file that is not a lease stops everybody with one clear line', async () => {
  const folder = await freshFolder()
  await writeFile(join(folder, '7.json'), '')
  const lease = openFileLease({ folder, clock: movableClock() })
  await expect(lease.acquire('tokyo')).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('7.json is not a lease'),
  })
})

test('however a takeover and a late renewal interleave, one of them fails', async () => {
  const folder = await freshFolder()
  const [late, early] = [movableClock(), movableClock()]
  for (let round = 0; round < 60; round++) {
    const holder = openFileLease({ folder, clock: late })
    await holder.acquire('tokyo')
    late.pass(14_999_999)
    early.pass(15_000_000)
    const takeover = openFileLease({ folder, clock: early }).acquire('osaka')
    for (let turn = 0; turn < round % 20; turn++) await new Promise(setImmediate)
    const [taken, renewed] = await Promise.allSettled([takeover, holder.renew()])
    expect([taken.status, renewed.status]).toContain('rejected')
    late.pass(15_000_001)
    early.pass(15_000_000)
  }
})

test('of racing processes one wins', { timeout: 60_000 }, async () => {
  const folder = await freshFolder()
  const script = `
    const { openFileLease } = await import(process.argv[1])
    const lease = openFileLease({ folder: process.argv[2], clock: { nowUs: () => Date.now() * 1000 } })
    process.stdout.write('ready')
    process.stdin.once('data', () => lease.acquire(String(process.pid)).then(
      (generation) => process.stdout.write(' won ' + generation),
      (error) => process.stdout.write(' ' + error.code),
    ).finally(() => process.exit()))`
  const racers = Array.from({ length: 3 }, () =>
    spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
      new URL('./lease.ts', import.meta.url).href,
      folder,
    ]),
  )
  const outputs = racers.map(() => '')
  const ready = racers.map(
    (racer, index) =>
      new Promise((resolve) =>
        racer.stdout.on('data', (bytes) => {
          outputs[index] += bytes
          resolve(undefined)
        }),
      ),
  )
  const ended = racers.map((racer) => new Promise((resolve) => racer.once('close', resolve)))
  await Promise.all(ready)
  for (const racer of racers) racer.stdin.write('go')
  await Promise.all(ended)
  expect(outputs.sort()).toEqual(['ready LEASE_HELD', 'ready LEASE_HELD', 'ready won 1'])
})
