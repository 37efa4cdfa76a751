import { generateKeyPair, SignJWT } from 'jose'
import type { Bus, Message, QueryResult, Row, Warehouse } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Timers } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { GoogleKeys } from './auth/google.ts'
import type { ConsoleConfig } from './config.ts'

export const startUs = 1_790_000_000_000_000 as Micros

/** A clock that a test moves. */
export const createManualClock = (atUs: number = startUs) => {
  const clock = { nowUs: () => clock.atUs as Micros, atUs }
  return clock
}

/** A bus inside one thread, delivering at once. */
export const createMemoryBus = (): Bus => {
  const receivers = new Map<string, Set<(message: Message) => void>>()
  return {
    publish: (topic, message) => {
      for (const receive of receivers.get(topic) ?? []) receive(structuredClone(message))
    },
    subscribe: (topic, receive) => {
      const set = receivers.get(topic) ?? new Set()
      receivers.set(topic, set.add(receive))
      return () => set.delete(receive)
    },
    flush: async () => {},
    close: () => receivers.clear(),
  }
}

/** Timers that run only when told to. */
export const createManualTimers = () => {
  const tasks = new Set<() => void>()
  const timers: Timers = {
    after: (_, task) => {
      tasks.add(task)
      return () => tasks.delete(task)
    },
  }
  const fire = () => {
    for (const task of [...tasks]) {
      tasks.delete(task)
      task()
    }
  }
  return { timers, fire }
}

const iso = (us: number): string =>
  `${new Date(Math.floor(us / 1e6) * 1e3).toISOString().slice(0, -5)}.${String(us % 1e6).padStart(6, '0')}Z`

/** `audit_log` in memory, keyed and answering as the real ones do; `isAway` makes every write fail. */
export const createAuditTable = () => {
  const rows: Record<string, unknown>[] = []
  const table = {
    rows,
    isAway: false,
    /** The next write is stored although its answer gets lost. */
    losesAnswer: false,
    /** Rows that it never will take. */
    refuses: (_: Row) => false,
    /** No write is ever answered. */
    isSilent: false,
    async insert(name: string, added: readonly Row[]): Promise<void> {
      if (name !== 'audit_log') throw new TradingError('ROW_INVALID', `no table ${name}`)
      if (table.isSilent) await new Promise(() => {})
      if (added.some(table.refuses)) throw new TradingError('PLATFORM_REFUSED', 'no such row')
      if (table.isAway) throw new TradingError('PLATFORM_UNREACHABLE', 'no answer')
      for (const row of added)
        if (!rows.some((known) => known.row_hash === row.row_hash)) rows.push({ ...row })
      if (!table.losesAnswer) return
      table.losesAnswer = false
      throw new TradingError('PLATFORM_UNREACHABLE', 'the answer got lost')
    },
    async query(sql: string): Promise<QueryResult> {
      const columns = Object.keys(rows[0] ?? { sequence: 0 })
      const [, comparison, bound] = /sequence ([<>]) (\d+)/.exec(sql) ?? []
      const limit = Number(/LIMIT (\d+)/.exec(sql)?.[1])
      const sign = /DESC/.test(sql) ? -1 : 1
      const found = rows
        .filter(({ sequence }) =>
          comparison === '>'
            ? Number(sequence) > Number(bound)
            : comparison === undefined || Number(sequence) < Number(bound),
        )
        .sort((a, b) => sign * (Number(a.sequence) - Number(b.sequence)))
        .slice(0, limit)
        .map((row) =>
          columns.map((name) => (name === 'recorded_at' ? iso(Number(row[name])) : row[name])),
        )
      return { columns, rows: found }
    },
  } satisfies Pick<Warehouse, 'insert' | 'query'> & Record<string, unknown>
  return table
}

export const iapAudience = '/projects/123/locations/asia-northeast1/services/console'
export const oidcAudience = 'https://console.example.run.app'
export const consoleHost = 'console.example.run.app'

/** People of the tests: two admins, an operator, a viewer. */
export const cloudConfig = (other: Partial<ConsoleConfig> = {}): ConsoleConfig => ({
  mode: 'paper',
  auth: {
    kind: 'google',
    iapAudience,
    oidcAudience,
    roles: {
      viewers: ['vic@example.com'],
      operators: ['olga@example.com', 'robot@project.iam.gserviceaccount.com'],
      admins: ['ada@example.com', 'bob@example.com'],
    },
  },
  hosts: [consoleHost, '127.0.0.1'],
  allowedAddresses: [],
  forwardedHops: 0,
  rate: { requestsPerSecond: 20, burst: 60 },
  ...other,
})

/** Signs tokens as the two issuers do, with keys of its own. */
export async function createIssuers(nowUs: () => number) {
  const iap = await generateKeyPair('ES256')
  const oidc = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('ES256')
  const keys: GoogleKeys = { iap: async () => iap.publicKey, oidc: async () => oidc.publicKey }
  const seconds = () => Math.floor(nowUs() / 1e6)

  const iapToken = (email: string, claims: Record<string, unknown> = {}, key = iap.privateKey) =>
    new SignJWT({
      iss: 'https://cloud.google.com/iap',
      aud: iapAudience,
      iat: seconds() - 10,
      exp: seconds() + 590,
      sub: 'accounts.google.com:1',
      email,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'test' })
      .sign(key)

  const oidcToken = (email: string, claims: Record<string, unknown> = {}) =>
    new SignJWT({
      iss: 'https://accounts.google.com',
      aud: oidcAudience,
      iat: seconds() - 10,
      exp: seconds() + 3_000,
      sub: '1',
      email,
      email_verified: true,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'test' })
      .sign(oidc.privateKey)

  return { keys, iapToken, oidcToken, strangersKey: stranger.privateKey }
}
