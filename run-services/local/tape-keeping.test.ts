import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeOldTapes, textOfRemoved } from './tape-keeping.ts'

/** Three runs, the newest in progress; the middle one died once and has two tapes. */
function folderOfRuns(): { folder: string; left(): readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-tapes-'))
  const files: readonly (readonly [path: string, bytes: number])[] = [
    ['20260101T000000-1/tape.arrow', 400],
    ['20260101T000000-1/summary.json', 50],
    ['20260102T000000-1/tape-until-5.arrow', 100],
    ['20260102T000000-1/tape.arrow', 200],
    ['20260103T000000-1/tape.arrow', 300],
    ['simulation-7/tape.arrow', 5_000],
    ['blobs/models/tape.arrow', 5_000],
    ['warehouse.duckdb', 5_000],
  ]
  for (const [path, bytes] of files) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), Buffer.alloc(bytes))
  }
  const left = () => files.map(([path]) => path).filter((path) => existsSync(join(folder, path)))
  return { folder, left }
}

const currentRunId = '20260103T000000-1'
const never = [
  '20260101T000000-1/summary.json',
  '20260103T000000-1/tape.arrow',
  'simulation-7/tape.arrow',
  'blobs/models/tape.arrow',
  'warehouse.duckdb',
]
const second = ['20260102T000000-1/tape-until-5.arrow', '20260102T000000-1/tape.arrow']

test.each([
  [1_000, { runs: 0, bytes: 0 }, ['20260101T000000-1/tape.arrow', ...second]],
  [999, { runs: 1, bytes: 400 }, second],
  [600, { runs: 1, bytes: 400 }, second],
  // Both tapes of the run go, although one would do.
  [599, { runs: 2, bytes: 700 }, []],
  [0, { runs: 2, bytes: 700 }, []],
])('of 1000 bytes %i are kept: the oldest runs lose their tapes', (bytesMax, removed, kept) => {
  const { folder, left } = folderOfRuns()
  expect(removeOldTapes(folder, { bytesMax, currentRunId })).toEqual(removed)
  expect(left().toSorted()).toEqual([...never, ...kept].toSorted())
})

test('what was removed is one line, and nothing is none', () => {
  expect(textOfRemoved({ runs: 0, bytes: 0 }, 10)).toBeUndefined()
  expect(textOfRemoved({ runs: 3, bytes: 2_340_000_000 }, 10)).toBe(
    'removed the tapes of the 3 oldest runs (2.34 GB): tapes are kept up to 10 GB; --keep-gb changes that',
  )
})
