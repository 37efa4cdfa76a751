import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import type { SourceHash } from './header.ts'

/** SHA-256 of every file, folders file by file in the order of their names. @throws TradingError FILE_UNREADABLE */
export async function hashSources(paths: readonly string[]): Promise<readonly SourceHash[]> {
  const files = (await Promise.all(paths.map(filesUnder))).flat()
  const hashes: SourceHash[] = []
  for (const path of files) hashes.push({ path, sha256: await sha256OfFile(path) })
  return hashes
}

async function filesUnder(path: string): Promise<readonly string[]> {
  const entry = await stat(path).catch((cause) => {
    throw new TradingError('FILE_UNREADABLE', `cannot read ${path}: ${cause.code}`, { path }, cause)
  })
  if (!entry.isDirectory()) return [path]
  const names = (await readdir(path)).sort()
  return (await Promise.all(names.map((name) => filesUnder(join(path, name))))).flat()
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

/**
 * Names the code that runs: `ASTERAI_COMMIT` where there is no repository (a container), else the commit, followed by
 * a hash of what differs from it in `shared` and `pipelines`.
 *
 * @throws TradingError CONFIG_INVALID when neither is there: trials of unknown code must not be mixed
 */
export function codeCommit(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.ASTERAI_COMMIT) return environment.ASTERAI_COMMIT
  const root = new URL('../../', import.meta.url).pathname
  const git = (...command: string[]): Buffer =>
    execFileSync('git', ['-C', root, ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    })
  if (!existsSync(join(root, '.git')))
    throw new TradingError(
      'CONFIG_INVALID',
      'the code has no repository here; set ASTERAI_COMMIT to the commit it was built from',
    )
  const commit = git('rev-parse', 'HEAD').toString().trim().slice(0, 12)
  const folders = ['shared', 'pipelines']
  const changes = git('diff', 'HEAD', '--', ...folders)
  const added = git('ls-files', '--others', '--exclude-standard', '--', ...folders)
  if (changes.length === 0 && added.length === 0) return commit
  const hash = createHash('sha256').update(changes)
  for (const path of added.toString().split('\n').filter(Boolean))
    hash.update(git('hash-object', path))
  return `${commit}+${hash.digest('hex').slice(0, 12)}`
}
