import { Message, MessageHeader } from 'apache-arrow'
import { TradingError } from '../../kernel/error.ts'

/** One message of an Arrow IPC stream: its bytes, prefix included, and where they began. */
export type TapeMessage = {
  readonly type: 'schema' | 'dictionary' | 'batch'
  readonly bytes: Uint8Array
  readonly offset: number
}

/** How a stream ended: with its end mark, or cut off at a byte. */
export type TapeEnding = { cutAt: number | undefined }

/** A message longer than this is garbage, not a batch of ours. */
const messageBytesMax = 1 << 30
const metadataBytesMax = 1 << 24

/**
 * Cuts a byte stream into whole Arrow messages, holding one of them at a time.
 *
 * A stream that stops inside a message, or without the end mark, is what a crash leaves: the whole messages are
 * delivered and `ending.cutAt` tells where it stops.
 *
 * @throws TradingError TAPE_MALFORMED naming the byte where the stream is not Arrow
 */
export async function* splitMessages(
  chunks: AsyncIterable<Uint8Array>,
  ending: TapeEnding,
): AsyncGenerator<TapeMessage> {
  const pending = createPending()
  let offset = 0
  for await (const chunk of chunks) {
    pending.add(chunk)
    for (;;) {
      const length = messageLength(pending, offset)
      if (length === 'end') return
      if (length === undefined || pending.size < length.total) break
      const bytes = pending.take(length.total)
      yield { type: length.type, bytes, offset }
      offset += length.total
    }
  }
  ending.cutAt = offset + pending.size
}

type MessageLength = { readonly total: number; readonly type: TapeMessage['type'] }

const types: Readonly<Partial<Record<MessageHeader, TapeMessage['type']>>> = {
  [MessageHeader.Schema]: 'schema',
  [MessageHeader.DictionaryBatch]: 'dictionary',
  [MessageHeader.RecordBatch]: 'batch',
}

/** Length of the message at the front; undefined while too little of it is there. */
function messageLength(pending: Pending, offset: number): MessageLength | 'end' | undefined {
  if (pending.size < 8) return undefined
  const prefix = pending.peek(8)
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8)
  const metadataBytes = view.getInt32(4, true)
  if (view.getUint32(0, true) !== 0xffff_ffff)
    throw malformed(offset, 'no Arrow message starts here')
  if (metadataBytes === 0) return 'end'
  if (metadataBytes < 0 || metadataBytes > metadataBytesMax)
    throw malformed(offset, `message claims ${metadataBytes} bytes of metadata`)
  if (pending.size < 8 + metadataBytes) return undefined
  try {
    const message = Message.decode(pending.peek(8 + metadataBytes).subarray(8))
    const type = types[message.headerType]
    const total = 8 + metadataBytes + message.bodyLength
    if (!type || message.bodyLength < 0 || total > messageBytesMax)
      throw new Error(`message type ${message.headerType} with ${message.bodyLength} bytes`)
    return { total, type }
  } catch (cause) {
    throw malformed(offset, 'its metadata cannot be read', cause)
  }
}

const malformed = (offset: number, what: string, cause?: unknown): TradingError =>
  new TradingError(
    'TAPE_MALFORMED',
    `tape is damaged at byte ${offset}: ${what}`,
    { offset },
    cause,
  )

type Pending = ReturnType<typeof createPending>

/** Bytes waiting to become a message; joined only when looked at. */
function createPending() {
  let parts: Uint8Array[] = []
  let size = 0
  const join = (): Uint8Array => {
    if (parts.length !== 1) {
      const bytes = new Uint8Array(size)
      let at = 0
      for (const part of parts) {
        bytes.set(part, at)
        at += part.length
      }
      parts = [bytes]
    }
    return parts[0] as Uint8Array
  }
  return {
    get size() {
      return size
    },
    add(chunk: Uint8Array): void {
      if (chunk.length > 0) parts.push(chunk)
      size += chunk.length
    },
    peek: (length: number): Uint8Array =>
      (parts[0]?.length ?? 0) >= length
        ? (parts[0] as Uint8Array).subarray(0, length)
        : join().subarray(0, length),
    take(length: number): Uint8Array {
      const bytes = join()
      parts = [bytes.subarray(length)]
      size -= length
      // A copy starts at an aligned address, which the 64-bit columns need.
      return bytes.slice(0, length)
    },
  }
}
