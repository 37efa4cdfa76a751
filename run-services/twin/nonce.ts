/** Nonces that a signer has used: the latest hundred, as the venue keeps them. */
export type NonceBook = {
  /** Uses up a nonce. @returns false when it is a duplicate, older than all kept, or outside the window */
  consume(signer: string, nonceUs: number, nowUs: number): boolean
  has(signer: string, nonceUs: number): boolean
}

const keptMax = 100

export function createNonceBook(windowMs: number): NonceBook {
  const keptBySigner = new Map<string, Set<number>>()
  const keptOf = (signer: string) => {
    const known = keptBySigner.get(signer)
    if (known) return known
    const created = new Set<number>()
    keptBySigner.set(signer, created)
    return created
  }
  return {
    has: (signer, nonceUs) => keptOf(signer).has(nonceUs),
    consume: (signer, nonceUs, nowUs) => {
      if (!Number.isSafeInteger(nonceUs)) return false
      if (Math.abs(nonceUs - nowUs) > windowMs * 1_000) return false
      const kept = keptOf(signer)
      if (kept.has(nonceUs)) return false
      if (kept.size >= keptMax) {
        const smallest = Math.min(...kept)
        if (nonceUs < smallest) return false
        kept.delete(smallest)
      }
      kept.add(nonceUs)
      return true
    },
  }
}
