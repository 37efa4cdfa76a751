import { z } from 'zod'
import { Refusal } from '../refusal.ts'

/** Nothing an operator sends is longer. */
export const bodyBytesMax = 64 * 1024

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

/** @throws Refusal 400 naming the first wrong field */
export function parseBody(text: string, schema: z.ZodType): unknown {
  return parseValue(jsonFrom(text), schema, 'the body')
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
