import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { GuardStore } from '#services/executor/app.ts'
import { guardFromText, textFromGuard } from '#services/executor/guard.ts'

/** A kill and the marks of the portfolio stops in a file, replaced whole so that a crash leaves the old or the new. */
export function openGuard(path: string): GuardStore {
  return {
    read: () => (existsSync(path) ? guardFromText(readFileSync(path, 'utf8'), path) : undefined),
    write(guard) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, textFromGuard(guard))
      renameSync(`${path}.new`, path)
    },
  }
}
