import type { HeartbeatMessage } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { TraderState } from '#shared/trading/engine/trader.ts'

const heartbeatEveryUs = 10 * microsPerSecond

/**
 * Says every ten seconds that the trader lives, beginning now. Whoever watches from outside judges by the age of the
 * last sign, so it comes from the trader's own thread: one that hangs gives none.
 *
 * @returns a function that ends it
 */
export function startHeartbeat(
  ports: { readonly runtime: Runtime; readonly bus: Bus },
  state: TraderState,
  session: { readonly holder: string; readonly runId: string },
): () => void {
  const { runtime, bus } = ports
  let cancel = () => {}
  const beat = () => {
    cancel = runtime.timers.after(heartbeatEveryUs, beat)
    const nowUs = runtime.clock.nowUs()
    const message: HeartbeatMessage = {
      service: 'executor',
      holder: session.holder,
      epoch: state.config.epoch,
      run_id: session.runId,
      recorded_at: nowUs,
      is_killed: state.killedBecause !== undefined,
      working_orders: state.desk.open.size,
      stream_age_seconds: streamAgeSeconds(state, nowUs),
    }
    bus.publish('heartbeats', message as unknown as Message)
  }
  beat()
  return () => cancel()
}

function streamAgeSeconds({ seenUs }: TraderState, nowUs: number): number | null {
  if (seenUs.some((seen) => seen === 0)) return null
  return Math.max(0, nowUs - Math.min(...seenUs)) / microsPerSecond
}
