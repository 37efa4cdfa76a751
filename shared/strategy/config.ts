import { TradingError } from '#shared/kernel/error.ts'

export type NumberField = {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly isInteger?: true
}
export type FlagField = { readonly default: boolean }
export type ConfigFields = Readonly<Record<string, NumberField | FlagField>>

/** The values that a table of fields describes. */
export type ConfigOf<Fields extends ConfigFields> = {
  readonly [Key in keyof Fields]: Fields[Key] extends NumberField ? number : boolean
}

/** What a person may give: some of the fields. */
export type GivenConfig = Readonly<Record<string, unknown>>

/**
 * Fills the defaults and checks every given value.
 *
 * @throws TradingError CONFIG_INVALID for an unknown name, a wrong type, or a number outside its range
 */
export function readConfig<Fields extends ConfigFields>(
  strategy: string,
  fields: Fields,
  given: GivenConfig = {},
): ConfigOf<Fields> {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(fields, name))
      throw new TradingError(
        'CONFIG_INVALID',
        `${strategy}: unknown setting '${name}'; known are ${Object.keys(fields).join(', ')}`,
      )
  const values: Record<string, number | boolean> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name] === undefined ? field.default : given[name]
    values[name] =
      'min' in field ? checkNumber(strategy, name, field, value) : checkFlag(strategy, name, value)
  }
  return Object.freeze(values) as ConfigOf<Fields>
}

function checkNumber(strategy: string, name: string, field: NumberField, value: unknown): number {
  const { min, max, isInteger } = field
  const isInside = typeof value === 'number' && value >= min && value <= max
  if (isInside && (!isInteger || Number.isInteger(value))) return value
  const kind = isInteger ? 'whole number' : 'number'
  throw new TradingError(
    'CONFIG_INVALID',
    `${strategy}: ${name} is ${String(value)}, must be a ${kind} from ${min} to ${max}`,
  )
}

function checkFlag(strategy: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TradingError(
    'CONFIG_INVALID',
    `${strategy}: ${name} is ${String(value)}, must be true or false`,
  )
}
