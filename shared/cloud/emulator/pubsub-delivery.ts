import type { Mailbox } from './mailbox.ts'
import type { WireSubscription } from './pubsub-wire.ts'

/** Signs pushes; the real platform sends an OIDC token of Google's. */
export type PushToken = (audience: string, serviceAccount: string) => string | Promise<string>

/** Stores rows; whatever it throws makes the messages come again, one by one, so that good ones are stored. */
export type WriteRows = (
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
) => Promise<void>

const pushesMax = 10
const rowsPerWriteMax = 500
/** Statuses of an answer that acknowledges a push. */
const takenStatuses: ReadonlySet<number> = new Set([102, 200, 201, 202, 204])

/** Delivers by itself, without a reader that pulls. Call it whenever something may be waiting. */
export type Pump = () => void

/** Posts each message to the endpoint of the subscription. */
export function pushPump(
  { name, pushConfig = {} }: WireSubscription,
  mailbox: Mailbox,
  pushToken: PushToken,
): Pump {
  const { pushEndpoint = '', oidcToken } = pushConfig
  let pushing = 0

  const push = async ({ ackId, message, attempt }: ReturnType<Mailbox['take']>[number]) => {
    const { messageId, data, attributes, orderingKey, publishTime } = message
    const token =
      oidcToken === undefined
        ? undefined
        : await pushToken(oidcToken.audience ?? pushEndpoint, oidcToken.serviceAccountEmail ?? '')
    const response = await fetch(pushEndpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({
        message: {
          data: data.toString('base64'),
          attributes,
          messageId,
          message_id: messageId,
          publishTime: new Date(publishTime.seconds * 1_000).toISOString(),
          ...(orderingKey === '' ? {} : { orderingKey }),
        },
        subscription: name,
        deliveryAttempt: attempt,
      }),
    })
    await response.arrayBuffer()
    if (takenStatuses.has(response.status)) mailbox.acknowledge(ackId)
    else mailbox.extend(ackId, 0)
  }

  const pump = () => {
    if (pushing >= pushesMax) return
    for (const delivery of mailbox.take(pushesMax - pushing)) {
      pushing += 1
      void push(delivery)
        // Nobody listens there: the platform tries again, as it does after a refusal.
        .catch(() => mailbox.extend(delivery.ackId, 0))
        .finally(() => {
          pushing -= 1
          pump()
        })
    }
  }
  return pump
}

/** Stores messages as rows of the table of the subscription. */
export function rowPump(
  { bigqueryConfig = {} }: WireSubscription,
  mailbox: Mailbox,
  writeRows: WriteRows,
): Pump {
  const table = bigqueryConfig.table ?? ''
  let isWriting = false

  const write = async (deliveries: ReturnType<Mailbox['take']>) => {
    try {
      await writeRows(
        table,
        deliveries.map(({ message }) => JSON.parse(message.data.toString('utf8'))),
      )
    } catch {
      // The cause is the sink's to report; here a failed write only means that the message comes again.
      if (deliveries.length === 1) for (const { ackId } of deliveries) mailbox.extend(ackId, 0)
      else for (const delivery of deliveries) await write([delivery])
      return
    }
    for (const { ackId } of deliveries) mailbox.acknowledge(ackId)
  }

  const pump = () => {
    if (isWriting) return
    const deliveries = mailbox.take(rowsPerWriteMax)
    if (deliveries.length === 0) return
    isWriting = true
    void write(deliveries).finally(() => {
      isWriting = false
      pump()
    })
  }
  return pump
}
