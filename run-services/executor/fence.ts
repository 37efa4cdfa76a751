import type { Clock } from '#shared/kernel/runtime.ts'
import type { Emit, Venue } from '#shared/venue/venue.ts'

/**
 * Lets orders through only while this process is the writer. A process that was paused, with its lease gone to
 * another, asks its own memory before each order and finds that too much time has passed; cancels always go
 * through.
 */
export function fenceVenue(
  venue: Venue,
  { mayWrite, clock, emit }: { mayWrite: () => boolean; clock: Clock; emit: Emit },
): Venue {
  return {
    ...venue,
    send(intent) {
      if (mayWrite()) return venue.send(intent)
      // The dead-man switch is the next writer's: its orders live under it.
      if (intent.kind === 'arm-dead-man') return
      if (intent.kind !== 'place') return venue.send(intent)
      const nowUs = clock.nowUs()
      emit({
        kind: 'order-refused',
        eventTimeUs: nowUs,
        receiveTimeUs: nowUs,
        clientOrderId: intent.order.clientOrderId,
        code: 0,
        reason: 'not sent: this process may not be the writer any more',
      })
    },
  }
}
