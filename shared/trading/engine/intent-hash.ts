import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Intent } from '../order/order.ts'

/** Running fingerprint of everything a trader asked for: equal fingerprints mean equal intents, in equal order. */
export type IntentHash = { add(intent: Intent): void; digest(): string; readonly count: number }

export function createIntentHash(): IntentHash {
  const hash = sha256.create()
  const encoder = new TextEncoder()
  let count = 0
  return {
    get count() {
      return count
    },
    add(intent) {
      count++
      hash.update(encoder.encode(`${lineOf(intent)}\n`))
    },
    digest: () => bytesToHex(hash.clone().digest()),
  }
}

function lineOf(intent: Intent): string {
  switch (intent.kind) {
    case 'place': {
      const { clientOrderId, instrumentId, side, timeInForce, priceTicks, sizeLots, reduceOnly } =
        intent.order
      return `place ${clientOrderId} ${instrumentId} ${side} ${timeInForce} ${priceTicks} ${sizeLots} ${reduceOnly}`
    }
    case 'cancel':
    case 'query':
      return `${intent.kind} ${intent.instrumentId} ${intent.clientOrderId}`
    case 'cancel-all':
      return `cancel-all ${intent.instrumentId}`
    case 'arm-dead-man':
      return `arm-dead-man ${intent.instrumentId} ${intent.countdownMs}`
  }
}
