import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'

/** Runs one call of a function and tells how long it took and how it ended: `ok`, or the code of its error. */
export async function measureCall<Result>(
  name: FunctionName,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
  call: () => Promise<Result>,
): Promise<Result> {
  const startUs = clock.nowUs()
  const tell = (status: string) =>
    metrics.record('asterai.function.duration', (clock.nowUs() - startUs) / microsPerMilli, {
      function: name,
      status,
    })
  try {
    const result = await call()
    tell('ok')
    return result
  } catch (error) {
    tell(error instanceof TradingError ? error.code : 'INTERNAL')
    throw error
  }
}
