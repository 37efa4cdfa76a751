import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** As `npm start` names them; what a person named is left alone. */
const runName = /^\d{8}T\d{6}-\d+$/
const tapeName = /^tape.*\.arrow$/

export type TapesRemoved = { readonly runs: number; readonly bytes: number }

/**
 * Removes the tapes of the oldest runs until all tapes together are at most so large. The rest of a run stays: its
 * summary, and its rows in the warehouse.
 *
 * @param folder - where runs are kept
 * @param currentRunId - the run in progress; its tapes count and stay
 */
export function removeOldTapes(
  folder: string,
  { bytesMax, currentRunId }: { readonly bytesMax: number; readonly currentRunId: string },
): TapesRemoved {
  const tapes = readdirSync(folder)
    .filter((name) => runName.test(name))
    .toSorted()
    .flatMap((run) =>
      readdirSync(join(folder, run))
        .filter((name) => tapeName.test(name))
        .map((name) => join(folder, run, name))
        .map((path) => ({ run, path, bytes: statSync(path).size })),
    )
  let left = tapes.reduce((sum, { bytes }) => sum + bytes, 0)
  const removed = { runs: new Set<string>(), bytes: 0 }
  for (const { bytes, path, run } of tapes) {
    // A run that lost a part of its tapes has nothing to gain from the others.
    if (left <= bytesMax && !removed.runs.has(run)) break
    if (run === currentRunId) continue
    rmSync(path)
    left -= bytes
    removed.bytes += bytes
    removed.runs.add(run)
  }
  return { runs: removed.runs.size, bytes: removed.bytes }
}

const bytesPerGb = 1e9

/** One line for a person; undefined when nothing was removed. */
export function textOfRemoved({ bytes, runs }: TapesRemoved, keepGb: number): string | undefined {
  if (runs === 0) return undefined
  return `removed the tapes of ${runs === 1 ? 'the oldest run' : `the ${runs} oldest runs`} (${(bytes / bytesPerGb).toFixed(2)} GB): tapes are kept up to ${keepGb} GB; --keep-gb changes that`
}

/** Decimal, as disks are sold. */
export const bytesOfGb = (gb: number): number => gb * bytesPerGb
