import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'

export type StoredMessage = {
  readonly messageId: string
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey: string
  readonly publishTime: { readonly seconds: number; readonly nanos: number }
}

export type Delivery = {
  readonly ackId: string
  readonly message: StoredMessage
  readonly attempt: number
}

export type MailboxOptions = {
  readonly isOrdered: boolean
  readonly ackDeadlineSeconds: number
  /** Time that a message rests after it was not taken. */
  readonly backoffMs: number
  readonly timers: Timers
  /** Absent: a message comes again for good. */
  readonly deadLetter?: {
    readonly attemptsMax: number
    forward(message: StoredMessage, attempts: number): void
  }
  /** There may be something to take. */
  onWaiting(): void
}

export type Mailbox = {
  put(message: StoredMessage): void
  /** Lends at most `count` messages until they are acknowledged or their deadline passes. */
  take(count: number, ackDeadlineSeconds?: number): readonly Delivery[]
  /** @returns false when that loan has ended before */
  acknowledge(ackId: string): boolean
  /** Moves the deadline; 0 seconds gives the message back now. */
  extend(ackId: string, seconds: number): boolean
  counts(): { readonly waiting: number; readonly lent: number }
  close(): void
}

type Entry = {
  readonly message: StoredMessage
  attempts: number
  state: 'waiting' | 'lent' | 'resting'
  ackId: string
  cancelTimer: () => void
}

/**
 * What a subscription owes its readers: at least once, with deadlines, and in order per key when it is ordered.
 *
 * When an ordered message is not taken, everything lent after it under the same key comes again as well, as the
 * platform does it.
 */
export function openMailbox(options: MailboxOptions): Mailbox {
  const { isOrdered, backoffMs, timers, deadLetter, onWaiting } = options
  // In order of publication; a message that comes again keeps its place.
  const entries = new Map<string, Entry>()
  const lent = new Map<string, Entry>()
  let loans = 0

  const wait = (entry: Entry) => {
    entry.cancelTimer()
    entry.state = 'waiting'
    onWaiting()
  }

  const endLoan = (entry: Entry) => {
    entry.cancelTimer()
    lent.delete(entry.ackId)
    entry.ackId = ''
  }

  const giveBack = (entry: Entry) => {
    endLoan(entry)
    const isDead = deadLetter !== undefined && entry.attempts >= deadLetter.attemptsMax
    if (isDead) {
      entries.delete(entry.message.messageId)
      deadLetter.forward(entry.message, entry.attempts)
    } else if (backoffMs > 0) {
      entry.state = 'resting'
      entry.cancelTimer = timers.after(backoffMs * microsPerMilli, () => wait(entry))
    } else entry.state = 'waiting'
    if (isOrdered && entry.message.orderingKey !== '') recallAfter(entry)
    onWaiting()
  }

  /** Lent messages of the same key that come later lose their loan without a failed attempt. */
  const recallAfter = ({ message: { orderingKey, messageId } }: Entry) => {
    let isLater = !entries.has(messageId)
    for (const entry of entries.values()) {
      if (entry.message.messageId === messageId) isLater = true
      else if (isLater && entry.state === 'lent' && entry.message.orderingKey === orderingKey) {
        endLoan(entry)
        entry.attempts -= 1
        entry.state = 'waiting'
      }
    }
  }

  const lend = (entry: Entry, seconds: number): Delivery => {
    entry.state = 'lent'
    entry.attempts += 1
    entry.ackId = `${entry.message.messageId}:${++loans}`
    lent.set(entry.ackId, entry)
    setDeadline(entry, seconds)
    return { ackId: entry.ackId, message: entry.message, attempt: entry.attempts }
  }

  const setDeadline = (entry: Entry, seconds: number) => {
    entry.cancelTimer()
    entry.cancelTimer = timers.after(seconds * microsPerSecond, () => giveBack(entry))
  }

  return {
    put(message) {
      entries.set(message.messageId, {
        message,
        attempts: 0,
        state: 'waiting',
        ackId: '',
        cancelTimer: () => {},
      })
      onWaiting()
    },
    take(count, seconds = options.ackDeadlineSeconds) {
      const deliveries: Delivery[] = []
      const blockedKeys = new Set<string>()
      for (const entry of entries.values()) {
        if (deliveries.length >= count) break
        const { orderingKey } = entry.message
        if (entry.state === 'resting') blockedKeys.add(orderingKey)
        const isBlocked = isOrdered && orderingKey !== '' && blockedKeys.has(orderingKey)
        if (entry.state === 'waiting' && !isBlocked) deliveries.push(lend(entry, seconds))
      }
      return deliveries
    },
    acknowledge(ackId) {
      const entry = lent.get(ackId)
      if (entry === undefined) return false
      endLoan(entry)
      entries.delete(entry.message.messageId)
      return true
    },
    extend(ackId, seconds) {
      const entry = lent.get(ackId)
      if (entry === undefined) return false
      if (seconds === 0) giveBack(entry)
      else setDeadline(entry, seconds)
      return true
    },
    counts: () => ({ waiting: entries.size - lent.size, lent: lent.size }),
    close() {
      for (const entry of entries.values()) entry.cancelTimer()
      entries.clear()
      lent.clear()
    },
  }
}
