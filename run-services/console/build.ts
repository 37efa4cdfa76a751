import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const page = join(here, 'page')
const dist = join(here, 'dist')

/**
 * Builds the page in this process when it is missing or older than its sources.
 *
 * @returns the folder of the built page
 */
export async function ensureConsoleBuilt(
  options: { readonly log?: (line: string) => void } = {},
): Promise<string> {
  if (isBuilt()) return dist
  options.log?.('building the console page')
  const { build } = await import('vite')
  await build({ root: page, configFile: join(page, 'vite.config.ts'), logLevel: 'error' })
  return dist
}

function isBuilt(): boolean {
  const index = statSync(join(dist, 'index.html'), { throwIfNoEntry: false })
  if (!index) return false
  const sources = globSync(['page/**/*', '*.ts', '../../package-lock.json'], { cwd: here })
  return sources.every((source) => statSync(join(here, source)).mtimeMs <= index.mtimeMs)
}
