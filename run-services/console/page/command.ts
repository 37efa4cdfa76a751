import { byId, setText } from './dom.ts'
import {
  type Command,
  confirmResume,
  findWaiting,
  lockedText,
  type Operator,
  readOperator,
  sendCommand,
  type Waiting,
} from './operator.ts'

const wordings: Record<Command, { title: string; what: string; confirm: string; reason: string }> =
  {
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

/** Connects kill, flatten and resume with their confirm step. */
export function mountCommands(): void {
  const dialog = byId<HTMLDialogElement>('command-dialog')
  const reason = byId<HTMLInputElement>('command-reason')
  const confirm = byId<HTMLButtonElement>('command-confirm')
  const error = byId('command-error')
  let operator: Operator | undefined
  let command: Command = 'kill'
  let waiting: Waiting | undefined
  const identified = readOperator()
    .then((read) => {
      operator = read
    })
    // What is wrong is said when somebody tries to command.
    .catch(() => undefined)

  const ask = async (next: Command) => {
    await identified
    command = next
    const locked = lockedText(operator, next)
    waiting = undefined
    let problem = locked ?? ''
    if (next === 'resume' && operator && locked === undefined)
      waiting = await findWaiting(operator).catch((refusal: Error) => {
        problem = refusal.message
        return undefined
      })
    const wording = waiting === undefined ? wordings[next] : confirmation(waiting)
    setText(byId('command-title'), wording.title)
    setText(byId('command-what'), wording.what)
    setText(confirm, wording.confirm)
    confirm.className = next === 'resume' ? 'go' : 'danger'
    reason.value = wording.reason
    reason.disabled = waiting !== undefined
    setText(error, problem)
    confirm.disabled = locked !== undefined
    dialog.showModal()
    if (wording.reason) confirm.focus()
    else reason.focus()
  }

  for (const name of ['kill', 'flatten', 'resume'] as const)
    byId(name).addEventListener('click', () => void ask(name))
  byId('command-cancel').addEventListener('click', () => dialog.close())
  dialog.querySelector('form')!.addEventListener('submit', (event) => {
    event.preventDefault()
    confirm.disabled = true
    const sent = waiting === undefined ? sendCommand(command, reason.value) : confirmResume(waiting)
    sent
      .then((text) => {
        dialog.close()
        announce(text)
      })
      .catch((fault: Error) => setText(error, faultText(fault)))
      .finally(() => {
        confirm.disabled = false
      })
  })
}

const confirmation = ({ askedBy, reason }: Waiting) => ({
  title: 'Confirm the resume?',
  what: `${askedBy} wants to resume trading with real money. Check first that the cause of the stop is gone.`,
  confirm: 'Confirm resume',
  reason,
})

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
