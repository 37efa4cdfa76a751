import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { GuardStore } from '#services/executor/app.ts'
import { TradingError } from '#shared/kernel/error.ts'

const guardSchema = z.object({
  killedBecause: z.string().nullable(),
  dayStartUs: z.number(),
  dayStartEquityE8: z.string().regex(/^-?\d+$/),
  peakEquityE8: z.string().regex(/^-?\d+$/),
})

/** A kill and the marks of the portfolio stops in a file, replaced whole so that a crash leaves the old or the new. */
export function openGuard(path: string): GuardStore {
  return {
    read() {
      if (!existsSync(path)) return undefined
      const read = guardSchema.safeParse(parsed(path))
      if (read.success) return read.data
      throw new TradingError(
        'STATE_CORRUPT',
        `${path} cannot be read, so it is unknown whether trading was killed; look at it, then delete it`,
      )
    },
    write(guard) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, JSON.stringify(guard))
      renameSync(`${path}.new`, path)
    },
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
