import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a service's settings from environment variables, once, all of them checked.
 *
 * An empty variable counts as absent: that is what a cleared field of a deployment form sends.
 *
 * @param schema - one key per variable
 * @throws TradingError CONFIG_INVALID naming the first variable that is wrong; its value is never repeated
 */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const given: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined
    if (value) given[name] = value
  }
  const read = schema.safeParse(given)
  if (read.success) return Object.freeze(read.data)
  const [issue] = read.error.issues
  const name = String(issue?.path[0] ?? 'environment')
  const isAbsent = issue?.path.length === 1 && given[name] === undefined
  const hint = describe(schema.shape[name] as z.ZodType | undefined)
  throw new TradingError(
    'CONFIG_INVALID',
    `${name} ${isAbsent ? 'is not set' : `cannot be used: ${issue?.message ?? 'not valid'}`}${hint ? `; give ${hint}` : ''}`,
    { name },
  )
}

/** A default or an option hides the words of what it wraps. */
function describe(variable: z.ZodType | undefined): string | undefined {
  if (variable instanceof z.ZodDefault || variable instanceof z.ZodOptional)
    return describe(variable.unwrap() as z.ZodType)
  return variable?.description
}

/** A whole number within bounds, with a fallback when the variable is absent. */
export function wholeNumber(least: number, most: number, what: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'not a whole number')
    .transform(Number)
    .pipe(z.number().min(least, `less than ${least}`).max(most, `more than ${most}`))
    .describe(`${what}, a whole number from ${least} to ${most}`)
}

/** Symbols of markets, separated by commas; at least one, none twice. */
export const symbolList = z
  .string()
  .transform((text) => text.split(',').map((symbol) => symbol.trim().toUpperCase()))
  .pipe(
    z
      .array(z.string().regex(/^[A-Z0-9]{3,24}$/, 'holds what is no symbol'))
      .min(1)
      .max(50, 'names more than 50 symbols')
      .refine((symbols) => new Set(symbols).size === symbols.length, 'names a symbol twice'),
  )
  .describe('symbols separated by commas, e.g. BTCUSDT,ETHUSDT')

/** Scheme and host of a server, without path. */
export function hostUrl(schemes: readonly ('http' | 'https' | 'ws' | 'wss')[]) {
  const pattern = new RegExp(`^(?:${schemes.join('|')})://[\\w.-]+(?::\\d{1,5})?$`)
  return z
    .string()
    .regex(pattern, 'not scheme and host alone')
    .describe(
      `scheme and host without a path, ${schemes.map((scheme) => `${scheme}://host`).join(' or ')}`,
    )
}
