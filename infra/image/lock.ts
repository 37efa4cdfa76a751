import { posix } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'

type LockedPackage = {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export type PackageLock = {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/**
 * The part of a lock file that some packages need, so that an image installs the same bytes as the project does, and
 * nothing else.
 *
 * @param description - package.json of the image, with its direct dependencies
 * @throws TradingError CONFIG_INVALID when the lock does not hold a package that is needed
 */
export function lockSubset(
  lock: PackageLock,
  description: {
    readonly name: string
    readonly version: string
    readonly dependencies: Readonly<Record<string, string>>
  },
): PackageLock & { readonly name: string; readonly version: string; readonly requires: true } {
  const { name, version, dependencies } = description
  const kept = new Map<string, LockedPackage>()
  const waiting: { from: string; names: readonly string[]; isOptional: boolean }[] = [
    { from: '', names: Object.keys(dependencies), isOptional: false },
  ]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const wanted of next.names) {
      const place = placeOf(lock, next.from, wanted)
      if (place === undefined && next.isOptional) continue
      if (place === undefined)
        throw new TradingError(
          'CONFIG_INVALID',
          `package-lock.json does not hold ${wanted}, which ${next.from || name} needs; run npm run lock`,
        )
      if (kept.has(place)) continue
      const { dev: _dev, devOptional: _devOptional, ...locked } = lock.packages[place]!
      kept.set(place, locked)
      waiting.push(
        { from: place, names: Object.keys(locked.dependencies ?? {}), isOptional: false },
        { from: place, names: Object.keys(locked.optionalDependencies ?? {}), isOptional: true },
      )
    }
  }
  const sorted = [...kept].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name,
    version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: { '': { name, version, dependencies }, ...Object.fromEntries(sorted) },
  }
}

/** Looks where Node would: in the package's own folder, then in each one above. */
function placeOf(lock: PackageLock, from: string, wanted: string): string | undefined {
  for (let folder = from; ; ) {
    const place = posix.join(folder, 'node_modules', wanted)
    if (Object.hasOwn(lock.packages, place)) return place
    if (folder === '') return undefined
    const above = folder.lastIndexOf('node_modules/')
    folder = folder.slice(0, Math.max(0, above - 1))
  }
}
