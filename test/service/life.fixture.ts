import type { Life } from '#shared/cloud/process/life.ts'

/** A life that a test ends. */
export type TestLife = Life & {
  /** Resolves with the first line that matches, also one that was said before. */
  said(pattern: RegExp): Promise<string>
}

export function testLife(): TestLife {
  const { promise: ending, resolve } = Promise.withResolvers<string>()
  const lines: string[] = []
  const waiting: { readonly pattern: RegExp; readonly tell: (line: string) => void }[] = []
  let isEnding = false
  return {
    ending,
    isEnding: () => isEnding,
    end(reason) {
      isEnding = true
      resolve(reason)
    },
    log(line) {
      lines.push(line)
      for (const { pattern, tell } of waiting) if (pattern.test(line)) tell(line)
    },
    said: (pattern) =>
      new Promise((tell) => {
        const before = lines.find((line) => pattern.test(line))
        if (before === undefined) waiting.push({ pattern, tell })
        else tell(before)
      }),
  }
}
