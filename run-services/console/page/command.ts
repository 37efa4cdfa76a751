import type { ConsoleState } from '../state.ts'
import { byId, create, setClass, setText } from './dom.ts'
import { factsOf } from './facts.ts'
import { minutesText } from './format.ts'
import {
  type Command,
  confirmResume,
  lockedText,
  type Operator,
  readOperator,
  readWaiting,
  sendCommand,
  type Waiting,
} from './operator.ts'
import { createWaitingBanner } from './waiting.ts'

type Wording = {
  readonly title: string
  readonly what: string
  readonly confirm: string
  readonly reason: string
}

const identifyAgainMs = 5_000

const wordings: Record<Command, Wording> = {
  kill: {
    title: 'Stop trading?',
    what: 'Cancels every working order and places no new ones. Open positions stay open.',
    confirm: 'Kill now',
    reason: 'operator kill',
  },
  flatten: {
    title: 'Close all positions?',
    what: 'Cancels every working order and closes open positions at the market; then trading stays stopped.',
    confirm: 'Flatten now',
    reason: 'operator flatten',
  },
  resume: {
    title: 'Resume trading?',
    what: 'Strategies may place orders again. Check first that the cause of the stop is gone.',
    confirm: 'Resume now',
    reason: '',
  },
}

const wordingOf = (command: Command, isLive: boolean, waiting: Waiting | undefined): Wording => {
  if (waiting?.isOwn)
    return {
      title: 'Waiting for a second admin',
      what: 'Whoever asked cannot confirm: a second admin must, on their own page.',
      confirm: 'Confirm resume',
      reason: waiting.reason,
    }
  if (waiting)
    return {
      title: 'Confirm the resume?',
      what: 'You are the second admin. Strategies trade with real money as soon as you confirm; check first that the cause of the stop is gone.',
      confirm: 'Confirm resume',
      reason: waiting.reason,
    }
  if (command === 'resume' && isLive)
    return {
      ...wordings.resume,
      what: 'Asks a second admin, who has five minutes to confirm. Then strategies trade with real money. Check first that the cause of the stop is gone.',
      confirm: 'Ask for the resume',
    }
  return wordings[command]
}

/**
 * Connects kill, flatten and resume with their confirm step, and shows what waits for a second admin.
 *
 * @returns draws what changes with time and state
 */
export function mountCommands(readState: () => ConsoleState): () => void {
  const dialog = byId<HTMLDialogElement>('command-dialog')
  const reason = byId<HTMLInputElement>('command-reason')
  const confirm = byId<HTMLButtonElement>('command-confirm')
  const cancel = byId<HTMLButtonElement>('command-cancel')
  const error = byId('command-error')
  let operator: Operator | undefined
  let command: Command = 'kill'
  let waiting: Waiting | undefined
  let isSending = false

  const isLive = () => operator?.mode === 'live' || readState().trading?.mode === 'live'
  // On one machine whoever has the machine has its key: there is no second person to ask.
  const needsSecond = () => isLive() && operator?.needsToken === false
  const drawLocks = () => {
    for (const name of ['kill', 'flatten', 'resume'] as const) {
      const text = lockedText(operator, name)
      const button = byId<HTMLButtonElement>(name)
      button.disabled = text !== undefined
      button.title = text ?? ''
    }
    drawNote(byId('command-note'), lockedText(operator, 'kill'))
    // Said once: whoever may do nothing reads it beside the first buttons.
    const isSame = lockedText(operator, 'kill') !== undefined
    drawNote(byId('resume-note'), isSame ? undefined : lockedText(operator, 'resume'))
  }
  const identify = (): Promise<void> =>
    readOperator()
      .then(
        (read) => {
          operator = read
        },
        // The note beside the button says that the console did not answer who this is.
        () => void setTimeout(identify, identifyAgainMs),
      )
      .then(drawLocks)
  const identified = identify()

  const open = async (next: Command, chosen?: Waiting) => {
    // A stop waits for nothing: the console itself refuses whoever may not.
    if (next === 'resume') await identified
    const locked = lockedText(operator, next)
    if (locked !== undefined) return
    let problem = ''
    waiting = chosen
    if (next === 'resume' && operator && !chosen)
      waiting = await readWaiting(operator).then(
        (found) => found.find(({ isOwn }) => !isOwn) ?? found[0],
        (refusal: Error) => {
          problem = faultText(refusal)
          return undefined
        },
      )
    command = next
    const wording = wordingOf(next, needsSecond(), waiting)
    setText(byId('command-title'), wording.title)
    setText(byId('command-what'), wording.what)
    setText(confirm, wording.confirm)
    setText(cancel, waiting?.isOwn ? 'Close' : 'Cancel')
    confirm.className = next === 'resume' ? 'go' : 'danger'
    reason.value = wording.reason
    byId('command-reason-row').hidden = waiting !== undefined
    drawFacts(byId('command-facts'), factsOf(next, readState(), isLive(), waiting))
    setText(error, problem)
    drawExpiry()
    dialog.showModal()
    const first = waiting ? cancel : wording.reason ? confirm : reason
    first.focus()
  }

  /** Counts down what waits, and ends it on the page when it has ended there. */
  const drawExpiry = () => {
    const left = waiting && minutesText(waiting.endsMs - performance.now())
    const isOver = waiting !== undefined && left === undefined
    const line = byId('command-expiry')
    line.hidden = waiting === undefined
    setText(
      line,
      isOver ? 'This request has expired: ask for the resume again.' : `Expires in ${left ?? ''}`,
    )
    setClass(line, isOver ? 'warn' : 'muted')
    confirm.disabled = isSending || isOver || waiting?.isOwn === true
  }

  const drawBanner = createWaitingBanner(async (chosen) => open('resume', chosen))

  for (const name of ['kill', 'flatten', 'resume'] as const)
    byId(name).addEventListener('click', () => void open(name))
  cancel.addEventListener('click', () => dialog.close())
  dialog.querySelector('form')!.addEventListener('submit', (event) => {
    event.preventDefault()
    isSending = true
    confirm.disabled = true
    setText(error, '')
    const sent = waiting === undefined ? sendCommand(command, reason.value) : confirmResume(waiting)
    sent
      .then((text) => {
        dialog.close()
        announce(text)
      })
      .catch((fault: Error) => setText(error, faultText(fault)))
      .finally(() => {
        isSending = false
        drawExpiry()
      })
  })

  return () => {
    const isAsked =
      operator !== undefined && needsSecond() && readState().trading?.isKilled === true
    drawBanner(isAsked ? operator : undefined)
    if (dialog.open) drawExpiry()
  }
}

function drawNote(node: HTMLElement, text: string | undefined): void {
  node.hidden = text === undefined
  setText(node, text ?? '')
}

function drawFacts(root: HTMLElement, facts: ReturnType<typeof factsOf>): void {
  root.replaceChildren(
    ...facts.flatMap(({ label, text, tone }) => [
      create('dt', '', label),
      create('dd', tone, text),
    ]),
  )
}

/** `fetch` fails with a TypeError when nobody answers. */
const faultText = (fault: Error): string =>
  fault instanceof TypeError
    ? 'the console did not answer: is the process still running?'
    : fault.message

/** Hides the note once the executor has answered. */
export function endAnnouncement(): void {
  byId('command-banner').hidden = true
}

function announce(text: string): void {
  const banner = byId('command-banner')
  setText(banner, text)
  banner.hidden = false
}
