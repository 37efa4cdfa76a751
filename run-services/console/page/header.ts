import type { EquityRow } from '#shared/cloud/message.ts'
import { type ConsoleState, totalOf } from '../state.ts'
import { endAnnouncement } from './command.ts'
import { byId, create, setClass, setText } from './dom.ts'
import { moneyDecimals, numberText, signedText, signTone, timeText } from './format.ts'

type Column = 'pnl' | 'spread_pnl' | 'price_pnl' | 'fees' | 'funding'
type Figure = { readonly label: string; readonly text: string; readonly tone: string }

/** Draws mode, run state, equity, P&L split and services. */
export function createHeader(): (state: ConsoleState) => void {
  const figures = byId('figures')
  const services = byId('status')
  let wasKilled: boolean | undefined
  return (state) => {
    drawRun(state)
    drawFigures(figures, figuresOf(state))
    drawServices(services, state)
    const isKilled = state.trading?.isKilled
    if (isKilled !== wasKilled) endAnnouncement()
    wasKilled = isKilled
  }
}

function drawRun({ trading, runId }: ConsoleState): void {
  setText(byId('mode'), trading ? trading.mode.toUpperCase() : 'NO RUN YET')
  setClass(byId('mode'), `badge ${trading?.mode ?? ''}`)
  const isKilled = trading?.isKilled === true
  const word = trading ? (isKilled ? '■ killed' : '▶ trading') : 'waiting for the executor'
  setText(byId('run-state'), word)
  setClass(byId('run-state'), `run-state ${trading ? (isKilled ? 'down' : 'up') : 'muted'}`)
  byId('killed-banner').hidden = !isKilled
  if (isKilled) setText(byId('killed-text'), `Killed: ${trading.reason || 'no reason given'}`)
  byId<HTMLButtonElement>('kill').hidden = isKilled
  setText(byId('run-id'), runId === undefined ? 'no run yet' : `run ${runId}`)
}

function figuresOf(state: ConsoleState): readonly Figure[] {
  const total = totalOf(state.equityRows)
  if (!total) return [{ label: 'Total equity', text: 'not reported yet', tone: 'muted' }]
  const since = state.dayOpen
  const part = (label: string, column: Column, sign: 1 | -1 = 1) => {
    const value = sign * changeOf(total, since, column)
    const text = `${signedText(value, moneyDecimals(value))} USDT`
    return { label, text, tone: signTone(value) }
  }
  return [
    { label: 'Total equity', text: `${numberText(Number(total.equity), 2)} USDT`, tone: 'plain' },
    part(since ? 'P&L today (UTC)' : 'P&L this run', 'pnl'),
    part('Spread P&L', 'spread_pnl'),
    part('Price P&L', 'price_pnl'),
    // Reported as a cost; here every part adds up to the P&L.
    part('Fees', 'fees', -1),
    part('Funding', 'funding'),
  ]
}

function changeOf(row: EquityRow, since: EquityRow | undefined, column: Column): number {
  return Number(row[column]) - (since ? Number(since[column]) : 0)
}

function drawFigures(root: HTMLElement, figures: readonly Figure[]): void {
  while (root.children.length > figures.length) root.lastElementChild!.remove()
  while (root.children.length < figures.length) {
    const pair = create('div')
    pair.append(create('dt'), create('dd'))
    root.append(pair)
  }
  figures.forEach(({ label, text, tone }, index) => {
    const [term, value] = root.children[index]!.children
    setText(term as HTMLElement, label)
    setText(value as HTMLElement, text)
    setClass(value as HTMLElement, tone)
  })
}

const marks: Readonly<Record<string, { readonly sign: string; readonly tone: string }>> = {
  running: { sign: '●', tone: 'up' },
  starting: { sign: '◐', tone: 'warn' },
  restarted: { sign: '↻', tone: 'warn' },
  stopping: { sign: '◐', tone: 'warn' },
  stopped: { sign: '○', tone: 'muted' },
  failed: { sign: '▲', tone: 'down' },
}

function drawServices(root: HTMLElement, { services }: ConsoleState): void {
  const known = Object.values(services)
  if (known.length === 0) {
    if (root.children.length !== 1 || root.firstElementChild!.className !== 'muted')
      root.replaceChildren(create('li', 'muted', 'no service has reported yet'))
    return
  }
  while (root.children.length > known.length) root.lastElementChild!.remove()
  while (root.children.length < known.length) root.append(create('li'))
  known.forEach(({ service, state, detail, at }, index) => {
    const item = root.children[index] as HTMLElement
    const { sign, tone } = marks[state] ?? { sign: '?', tone: 'warn' }
    setClass(item, tone)
    // A healthy service is named only; anything else says what it is.
    setText(item, `${sign} ${service}${state === 'running' ? '' : ` ${state}`}`)
    item.title = `${service} ${state} since ${timeText(at)} UTC${detail ? `: ${detail}` : ''}`
  })
}
