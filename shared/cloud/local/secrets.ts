import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { TradingError } from '#shared/kernel/error.ts'
import type { Secrets } from '../port.ts'

export type SecretSources = {
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** A file of `NAME=value` lines; ignored when absent. The environment wins. */
  readonly dotEnvPath?: string
}

/**
 * Secrets from the environment and an optional `.env` file, read once.
 *
 * Values live in a closure: printing or serialising the result shows none of them.
 */
export function openSecrets({
  environment = process.env,
  dotEnvPath = '.env',
}: SecretSources = {}): Secrets {
  const fromFile = readDotEnv(dotEnvPath)
  return {
    get(name) {
      const value = own(environment, name) || own(fromFile, name)
      if (!value)
        throw new TradingError(
          'CONFIG_INVALID',
          `secret ${name} is not set; put it into the environment or into ${dotEnvPath}`,
          { name },
        )
      return value
    },
  }
}

const own = (values: Readonly<Record<string, string | undefined>>, name: string) =>
  Object.hasOwn(values, name) ? values[name] : undefined

function readDotEnv(path: string): Readonly<Record<string, string | undefined>> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    // The cause is left out on purpose: nothing of the file may reach a log.
    throw new TradingError('CONFIG_INVALID', `cannot read ${path} (${code}); fix its permissions`)
  }
  return parseEnv(text)
}
