// Loads every part of a bundle once, so that its compiled code lies in NODE_COMPILE_CACHE and the first start of a container
// reads it from there. Nothing of the service starts: that is what main.mjs does. Node keeps the code of each user apart:
// run it as the user that will run the service.
import { chmodSync, readdirSync } from 'node:fs'
import { flushCompileCache, getCompileCacheDir } from 'node:module'
import { join } from 'node:path'

const chunks = new URL('chunks/', import.meta.url)
for (const name of readdirSync(chunks))
  if (name.endsWith('.mjs')) await import(new URL(name, chunks).href)

// Node writes for its own user only; the image hands the files to root, and they must stay readable.
flushCompileCache()
const cache = getCompileCacheDir()
if (cache === undefined)
  throw new Error('set NODE_COMPILE_CACHE to the folder for the compiled code')
for (const name of readdirSync(cache)) chmodSync(join(cache, name), 0o644)
process.exit(0)
