/** Who looks at this page, as the console proved it. */
export type Operator = {
  readonly actor: string
  readonly role: 'viewer' | 'operator' | 'admin'
  /** True on one machine: the right to command comes with the token in the address. */
  readonly needsToken: boolean
}

export type Command = 'kill' | 'flatten' | 'resume'

/** A resume of another admin that waits for this one. */
export type Waiting = {
  readonly id: string
  readonly askedBy: string
  readonly actionHash: string
  readonly reason: string
}

const token = takeToken()

/** The header says that our own page asks; a browser adds it for no other. */
const headers: Readonly<Record<string, string>> = {
  'X-Requested-With': 'asterai-console',
  ...(token === undefined ? {} : { 'X-Console-Token': token }),
}

export async function readOperator(): Promise<Operator> {
  const reply = await fetch('/api/me', { headers })
  if (!reply.ok) throw new Error(await refusalText(reply))
  return (await reply.json()) as Operator
}

/** @returns why this page cannot send the command; undefined when it can */
export function lockedText(operator: Operator | undefined, command: Command): string | undefined {
  if (!operator) return 'The console did not say who you are: reload the page.'
  if (operator.needsToken && token === undefined)
    return 'This page may only look. Open the address printed at start, it ends in #token=…, to command.'
  const { actor, role } = operator
  const mayCommand = role === 'admin' || (role === 'operator' && command !== 'resume')
  return mayCommand ? undefined : `${actor} is ${role}: ask somebody who may ${command}.`
}

/** @returns what to tell the person; throws with the refusal when it was refused */
export async function sendCommand(command: Command, reason: string): Promise<string> {
  const sent = await post('/api/commands', { command, reason })
  return 'awaits' in sent
    ? `${command} waits for a second admin, who presses the same button within five minutes`
    : `${command} sent, waiting for the executor to confirm`
}

export async function confirmResume({ id, actionHash }: Waiting): Promise<string> {
  await post(`/api/confirmations/${id}`, { actionHash })
  return 'resume confirmed, waiting for the executor'
}

/** The oldest resume that another admin has asked for. */
export async function findWaiting(operator: Operator): Promise<Waiting | undefined> {
  if (operator.needsToken) return undefined
  const reply = await fetch('/api/confirmations', { headers })
  if (!reply.ok) throw new Error(await refusalText(reply))
  const { waiting } = (await reply.json()) as {
    waiting: readonly (Omit<Waiting, 'reason'> & { body: { command?: string; reason?: string } })[]
  }
  const found = waiting.find(
    ({ askedBy, body }) => askedBy !== operator.actor && body.command === 'resume',
  )
  return found && { ...found, reason: found.body.reason ?? '' }
}

async function post(path: string, body: unknown): Promise<object> {
  const reply = await fetch(path, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(await refusalText(reply))
  return (await reply.json()) as object
}

async function refusalText(reply: Response): Promise<string> {
  const { error, remedy } = (await reply.json()) as { error: string; remedy: string }
  return `${error}: ${remedy}`
}

/** Takes the token out of the address, so that it is not copied or bookmarked with it; a reload keeps it. */
function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given) {
    sessionStorage.setItem('console-token', given)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem('console-token') ?? undefined
}
