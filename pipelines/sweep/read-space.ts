import { readFile } from 'node:fs/promises'
import { TradingError } from '#shared/kernel/error.ts'
import type { Dimension, Space } from './space.ts'

const bad = (where: string, what: string): TradingError =>
  new TradingError('OPTION_INVALID', `${where}: ${what}`)

/**
 * Reads one `--param`.
 *
 * `gammaPerTick=0.01..1:log` a range on a log scale; `levels=5..9:int` whole numbers; `skewFactor=0.1..1:points=10` with
 * grid points; `levels=5,7,9` a list.
 *
 * @throws TradingError OPTION_INVALID
 */
export function readDimension(text: string): Dimension {
  const where = `--param '${text}'`
  const [, name, body = ''] = /^([A-Za-z][\w.]*)=(.+)$/.exec(text) ?? []
  if (name === undefined) throw bad(where, 'write NAME=LOW..HIGH[:log][:int], or a list NAME=1,2,5')
  const [values = '', ...words] = body.split(':')
  const ends = values.split('..')
  if (ends.length === 1) {
    if (words.length > 0) throw bad(where, `a list takes no ':${words[0]}'`)
    return checked(where, {
      kind: 'choice',
      name,
      values: values.split(',').map((value) => number(where, value)),
    })
  }
  if (ends.length !== 2) throw bad(where, 'write low..high')
  let scale: 'linear' | 'log' = 'linear'
  let isInteger = false
  let points: number | undefined
  for (const word of words) {
    const count = /^points=(\d+)$/.exec(word)?.[1]
    if (word === 'log') scale = 'log'
    else if (word === 'int') isInteger = true
    else if (count !== undefined) points = Number(count)
    else throw bad(where, `':${word}' is not one of :log, :int, :points=N`)
  }
  const low = number(where, ends[0] as string)
  const high = number(where, ends[1] as string)
  return checked(where, {
    kind: 'range',
    name,
    low,
    high,
    scale,
    isInteger,
    ...(points === undefined ? {} : { points }),
  })
}

function number(where: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value)) throw bad(where, `'${text}' is not a number`)
  return value
}

function checked(where: string, dimension: Dimension): Dimension {
  if (dimension.kind === 'choice') {
    if (dimension.values.length === 0) throw bad(where, 'the list is empty')
    if (new Set(dimension.values).size < dimension.values.length)
      throw bad(where, 'a value occurs twice; its trials would count twice')
    return dimension
  }
  const { low, high, scale, isInteger, points } = dimension
  if (!(low <= high)) throw bad(where, `${low} is above ${high}; write the smaller number first`)
  if (scale === 'log' && low <= 0) throw bad(where, 'a log scale needs ends above 0')
  if (isInteger && !(Number.isSafeInteger(low) && Number.isSafeInteger(high)))
    throw bad(where, ':int needs whole ends')
  if (points !== undefined && !(points >= 1 && points <= 1_000))
    throw bad(where, 'points go from 1 to 1000')
  return dimension
}

/**
 * Reads a space from a JSON file: `{ "gammaPerTick": { "low": 0.01, "high": 1, "scale": "log" }, "orderLots": [1, 2] }`.
 *
 * @throws TradingError FILE_UNREADABLE, OPTION_INVALID naming file and parameter
 */
export async function readSpaceFile(path: string): Promise<Space> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new TradingError('FILE_UNREADABLE', `${path}: ${(cause as Error).message}`, {}, cause)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw bad(path, 'expected an object of parameters')
  return Object.entries(parsed).map(([name, body]) => dimensionFromJson(path, name, body))
}

const rangeFields = ['low', 'high', 'scale', 'isInteger', 'points']

function dimensionFromJson(path: string, name: string, body: unknown): Dimension {
  const where = `${path}, ${name}`
  if (Array.isArray(body)) {
    if (!body.every((value) => typeof value === 'number' && Number.isFinite(value)))
      throw bad(where, 'a list holds numbers only')
    return checked(where, { kind: 'choice', name, values: body as number[] })
  }
  if (typeof body !== 'object' || body === null)
    throw bad(where, 'expected {"low": 0.1, "high": 1} or a list of numbers')
  const field = Object.keys(body).find((key) => !rangeFields.includes(key))
  if (field !== undefined)
    throw bad(where, `field '${field}' is not one of ${rangeFields.join(', ')}`)
  const { low, high, scale = 'linear', isInteger = false, points } = body as Record<string, unknown>
  if (typeof low !== 'number' || typeof high !== 'number')
    throw bad(where, 'low and high are numbers')
  if (scale !== 'linear' && scale !== 'log') throw bad(where, "scale is 'linear' or 'log'")
  if (typeof isInteger !== 'boolean') throw bad(where, 'isInteger is true or false')
  if (points !== undefined && !Number.isSafeInteger(points)) throw bad(where, 'points is whole')
  return checked(where, {
    kind: 'range',
    name,
    low,
    high,
    scale,
    isInteger,
    ...(points === undefined ? {} : { points: points as number }),
  })
}

/**
 * @param example - what could be searched, as it would be typed
 * @throws TradingError OPTION_INVALID when a parameter is named twice or none is named
 */
export function checkSpace(space: Space, example: string): Space {
  if (space.length === 0)
    throw new TradingError(
      'OPTION_INVALID',
      `nothing to search: add e.g. ${example}, or --space FILE.json`,
    )
  const names = space.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new TradingError('OPTION_INVALID', `parameter '${twice}' is given twice`)
  return space
}
