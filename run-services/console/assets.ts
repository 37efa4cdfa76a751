import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

export type Asset = { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string }

/** Finds a file of the built page by its path, which begins with a slash. */
export type Assets = (path: string) => Asset | undefined

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Reads the built page into memory: a request can then reach nothing but what was built. */
export function loadAssets(folder: string): Assets {
  const assets = new Map<string, Asset>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = contentTypes[extname(entry.name)]
    if (!entry.isFile() || contentType === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    assets.set(`/${name}`, { bytes: new Uint8Array(readFileSync(path)), contentType })
  }
  const index = assets.get('/index.html')
  if (index) assets.set('/', index)
  return (path) => assets.get(path)
}
