import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Faults } from '#shared/simulation/fault.ts'
import { millis } from './wire.ts'

/** Listen keys and the user messages of every account. */
export type UserStreams = {
  /** The account's key, new or extended by 60 minutes. */
  open(account: number, nowUs: number): string
  /** @returns false when the account has no key */
  renew(account: number, nowUs: number): boolean
  end(account: number): void
  isKey(stream: string): boolean
  /** Sends one message of an account, subject to the faults of the stream. */
  send(account: number, payload: unknown): void
  /** Lets late messages go and keys expire. */
  tick(nowUs: number): void
  /** When {@link tick} has something to do; Infinity when never. */
  readonly dueUs: number
}

type Key = { readonly text: string; expiresUs: number }

const lifeUs = 3_600_000_000
/** Longest that a message which was overtaken stays behind. */
const lateUs = 100_000

export function createUserStreams(options: {
  seed: number
  faults: Faults
  publish: (stream: string, payload: unknown) => void
  now: () => number
}): UserStreams {
  const { seed, faults, publish, now } = options
  const keys = new Map<number, Key>()
  const late: { account: number; payload: unknown; dueUs: number }[] = []
  let issued = 0

  const deliver = (account: number, payload: unknown) => {
    const key = keys.get(account)
    if (key) publish(key.text, payload)
  }
  const releaseLate = (isDue: (entry: { account: number; dueUs: number }) => boolean) => {
    for (let index = 0; index < late.length; ) {
      const entry = late[index]
      if (!entry || !isDue(entry)) index++
      else {
        late.splice(index, 1)
        deliver(entry.account, entry.payload)
      }
    }
  }

  return {
    isKey: (stream) => [...keys.values()].some(({ text }) => text === stream),
    open: (account, nowUs) => {
      const known = keys.get(account)
      const key = known ?? { text: keyText(seed, account, issued++), expiresUs: 0 }
      key.expiresUs = nowUs + lifeUs
      keys.set(account, key)
      return key.text
    },
    renew: (account, nowUs) => {
      const key = keys.get(account)
      if (key) key.expiresUs = nowUs + lifeUs
      return key !== undefined
    },
    end: (account) => {
      keys.delete(account)
    },
    send: (account, payload) => {
      const fate = faults.ofUserMessage()
      if (fate === 'unsent') return
      if (fate === 'late') {
        late.push({ account, payload, dueUs: now() + lateUs })
        return
      }
      deliver(account, payload)
      if (fate === 'twice') deliver(account, payload)
      releaseLate((entry) => entry.account === account)
    },
    tick: (nowUs) => {
      releaseLate(({ dueUs }) => dueUs <= nowUs)
      for (const [account, key] of keys) {
        if (key.expiresUs > nowUs) continue
        publish(key.text, { e: 'listenKeyExpired', E: millis(nowUs) })
        keys.delete(account)
      }
    },
    get dueUs() {
      let dueUs = Number.POSITIVE_INFINITY
      for (const entry of late) dueUs = Math.min(dueUs, entry.dueUs)
      for (const key of keys.values()) dueUs = Math.min(dueUs, key.expiresUs)
      return dueUs
    },
  }
}

const keyText = (seed: number, account: number, issued: number): string =>
  bytesToHex(keccak_256(utf8ToBytes(`listen key ${seed} ${account} ${issued}`)))
