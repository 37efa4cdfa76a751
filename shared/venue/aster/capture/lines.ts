/** Called once per line; `from` to `to` is the line without its end, valid only during the call. */
export type VisitLine = (bytes: Uint8Array, from: number, to: number) => void

const lineFeed = 10
const carriageReturn = 13

/** Cuts chunks of a text file into lines, keeping only the unfinished one between chunks. */
export function createLineSplitter(visit: VisitLine): {
  chunk(bytes: Uint8Array): void
  /** Delivers a last line without an end. */
  end(): void
} {
  let rest: Uint8Array = new Uint8Array(0)

  const deliver = (bytes: Uint8Array, from: number, to: number): void => {
    const end = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
    visit(bytes, from, end)
  }

  return {
    chunk(chunk) {
      let bytes = chunk
      if (rest.length > 0) {
        bytes = new Uint8Array(rest.length + chunk.length)
        bytes.set(rest)
        bytes.set(chunk, rest.length)
      }
      let from = 0
      for (let to = bytes.indexOf(lineFeed); to >= 0; to = bytes.indexOf(lineFeed, from)) {
        deliver(bytes, from, to)
        from = to + 1
      }
      rest = bytes.slice(from)
    },
    end() {
      if (rest.length > 0) deliver(rest, 0, rest.length)
      rest = new Uint8Array(0)
    },
  }
}
