import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { openPortsFromEnvironment } from './environment.ts'
import { logics } from './logic.ts'
import { serveFunction } from './serve.ts'

/**
 * The one module of all cloud functions. Each is deployed from the same zip and told by `FUNCTION_TARGET` which one
 * it is; only that one is registered, and its code is loaded with its first call. Without the variable all are.
 */
const target = process.env.FUNCTION_TARGET
if (target !== undefined && !Object.hasOwn(functions, target))
  throw new TradingError('CONFIG_INVALID', `FUNCTION_TARGET: there is no function '${target}'`)

for (const name of Object.keys(logics) as FunctionName[])
  if (target === undefined || name === target)
    serveFunction(name, logics[name], openPortsFromEnvironment)
