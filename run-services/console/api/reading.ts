import { z } from 'zod'
import { Refusal } from '../refusal.ts'

/** Nothing an operator sends is longer. */
export const bodyBytesMax = 64 * 1024

/** Nothing an operator sends is nested deeper; much deeper would end the process by its stack. */
export const bodyDepthMax = 32

/** One line that says why; it goes to the log of decisions and to the audit log. */
export const reasonSchema = z
  .string()
  .trim()
  .min(1, 'must say why')
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must be one line')

/** @throws Refusal 413 as soon as the body is known to be longer than {@link bodyBytesMax} */
export async function readBodyText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > bodyBytesMax) throw tooLarge()
  if (!request.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // The length may be missing or a lie, so what arrives is counted.
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax) throw tooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

const tooLarge = (): Refusal =>
  new Refusal(413, `the body is larger than ${bodyBytesMax / 1024} kB`, 'send less')

/** @throws Refusal 400 naming the first wrong field, or when it is nested deeper than {@link bodyDepthMax} or no Unicode */
export function parseBody(text: string, schema: z.ZodType): unknown {
  const body = jsonFrom(text)
  if (isDeeperThan(bodyDepthMax, body))
    throw new Refusal(
      400,
      `the body is nested deeper than ${bodyDepthMax} levels`,
      'send it flatter',
      {
        code: 'OPTION_INVALID',
      },
    )
  if (!isUnicode(body))
    throw new Refusal(400, 'the body holds half a character', 'send whole characters', {
      code: 'OPTION_INVALID',
    })
  return parseValue(body, schema, 'the body')
}

/** @throws Refusal 400 naming the first wrong field */
export function parseValue(raw: unknown, schema: z.ZodType, whole: string): unknown {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new Refusal(
    400,
    `${path.join('.') || whole}: ${message}`,
    'correct the request and send it again',
    { code: 'OPTION_INVALID' },
  )
}

function jsonFrom(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal(400, 'the body is not JSON', 'correct the request and send it again', {
      code: 'OPTION_INVALID',
      cause,
    })
  }
}

/** Half of a surrogate pair can be escaped in JSON, and no table takes it. */
const isUnicode = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.isWellFormed()
    : typeof value !== 'object' ||
      value === null ||
      Object.entries(value).every(([key, item]) => key.isWellFormed() && isUnicode(item))

const isDeeperThan = (depth: number, value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some((item) => isDeeperThan(depth - 1, item)))
