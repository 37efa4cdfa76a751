import { type PredictionMessage, predictionAgeUsMax } from '#shared/cloud/message.ts'
import type { ConsoleState, ModelState } from '../state.ts'
import { byId, create, setClass, setText } from './dom.ts'
import { numberText } from './format.ts'

type Promoted = Extract<ModelState, { kind: 'promoted' }>
type Line = { readonly prediction: PredictionMessage; readonly ageUs: number | undefined }

const classes = ['down', 'flat', 'up'] as const
const microsPerDay = 86_400e6

/** The model, what it is worth, and what it says now; none of it moves an order. */
export function createPredictions(): (state: ConsoleState, nowUs: number | undefined) => void {
  const about = byId('predictions-about')
  const list = byId('predictions-list')
  const empty = byId('predictions-empty')
  const rows = new Map<string, Row>()
  return (state, nowUs) => {
    drawModel(about, state, nowUs)
    const lines = linesOf(state, nowUs)
    const text = emptyText(state, lines)
    empty.hidden = text === undefined
    if (text !== undefined) setText(empty, text)
    for (const [symbol, row] of rows) {
      if (lines.some(({ prediction }) => prediction.symbol === symbol)) continue
      row.root.remove()
      rows.delete(symbol)
    }
    for (const line of lines) {
      const { symbol } = line.prediction
      const row = rows.get(symbol) ?? createRow(symbol)
      if (!rows.has(symbol)) list.append(row.root)
      rows.set(symbol, row)
      drawRow(row, line)
    }
  }
}

const linesOf = ({ predictions }: ConsoleState, nowUs: number | undefined): readonly Line[] =>
  Object.values(predictions)
    .toSorted((a, b) => a.symbol.localeCompare(b.symbol))
    .map((prediction) => ({
      prediction,
      ageUs: nowUs === undefined ? undefined : Math.max(0, nowUs - prediction.predicted_at),
    }))

/** Says what is missing and how to get it. */
function emptyText(state: ConsoleState, lines: readonly Line[]): string | undefined {
  if (lines.length > 0) return undefined
  const { model } = state
  if (model === undefined) return 'looking for a model'
  if (model.kind === 'none')
    return 'No model is promoted. Make one: npm run featurize, then npm run train; it is loaded while this runs.'
  if (model.kind === 'broken') return `The promoted model cannot be read: ${model.problem}`
  const away = state.services.predictions
  return away?.state === 'failed'
    ? `No answer: ${away.detail}`
    : 'waiting for the first answer; features need a minute of market'
}

function drawModel(root: HTMLElement, state: ConsoleState, nowUs: number | undefined): void {
  const { model } = state
  root.hidden = model?.kind !== 'promoted'
  if (model?.kind !== 'promoted') return
  setText(
    byId('model-horizon'),
    `shares of down, flat and up over the next ${numberText(model.horizonSeconds, 0)} s; flat is within ±${numberText(model.flatBandBps, 1)} bps`,
  )
  setText(byId('model-id'), model.modelId)
  byId('model-invented').hidden = !model.isInvented
  setText(byId('model-trained'), trainedText(model, nowUs))
  setText(
    byId('model-accuracy'),
    `test accuracy ${percent(model.accuracy)} ± ${percent(model.accuracyStandardError)}; always the most frequent class: ${percent(model.majorityAccuracy)}${hindsightText(model)}`,
  )
  const { text, tone } = verdictOf(model)
  setText(byId('model-verdict'), text)
  setClass(byId('model-verdict'), tone)
  drawServing(state, model)
}

function drawServing({ predictions, services }: ConsoleState, model: Promoted): void {
  const other = Object.values(predictions).find(({ model_id }) => model_id !== model.modelId)
  const away = services.predictions?.state === 'failed' ? services.predictions.detail : undefined
  const parts = [
    ...(other ? [`answers below still come from ${other.model_id}`] : []),
    ...(away ? [`no new answers: ${away}`] : []),
  ]
  byId('model-serving').hidden = parts.length === 0
  setText(byId('model-serving'), parts.join('; '))
}

/** Said plainly: a model that is no better than one word is worth nothing. */
function verdictOf(model: Promoted): { readonly text: string; readonly tone: 'up' | 'warn' } {
  const { accuracy, majorityAccuracy, bestConstantAccuracy = 0, accuracyStandardError } = model
  if (accuracy <= majorityAccuracy) return { text: 'does not beat it', tone: 'warn' }
  // A market that changed moves the majority; what counts is the better of the two constants.
  const lead = accuracy - Math.max(majorityAccuracy, bestConstantAccuracy)
  if (lead <= 0) return { text: 'does not beat the best constant in hindsight', tone: 'warn' }
  return lead > 2 * accuracyStandardError
    ? { text: 'beats both by more than two standard errors', tone: 'up' }
    : { text: 'ahead by less than two standard errors: may be luck', tone: 'warn' }
}

const hindsightText = ({ bestConstantAccuracy }: Promoted): string =>
  bestConstantAccuracy === undefined ? '' : `, best in hindsight: ${percent(bestConstantAccuracy)}`

function trainedText(model: Promoted, nowUs: number | undefined): string {
  const at = new Date(model.trainedAtUs / 1e3).toISOString().slice(0, 16).replace('T', ' ')
  if (nowUs === undefined) return `trained ${at} UTC`
  const ageUs = Math.max(0, nowUs - model.trainedAtUs)
  const age =
    ageUs < microsPerDay
      ? `${numberText(ageUs / 3_600e6, 1)} h`
      : `${numberText(ageUs / microsPerDay, 1)} days`
  return `trained ${at} UTC, ${age} ago`
}

const percent = (share: number): string => `${numberText(share * 100, 1)} %`

type Row = {
  readonly root: HTMLElement
  readonly age: HTMLElement
  readonly bars: Readonly<Record<(typeof classes)[number], HTMLElement>>
}

const signs = { down: '▼', flat: '■', up: '▲' } as const

function createRow(symbol: string): Row {
  const root = create('div', 'prediction')
  root.dataset.symbol = symbol
  const age = create('span', 'age')
  age.dataset.testid = 'prediction-age'
  const bars = create('div', 'bars')
  const bar = (name: (typeof classes)[number]) => {
    const node = create('span', `bar ${name}`)
    bars.append(node)
    return node
  }
  const row = { root, age, bars: { down: bar('down'), flat: bar('flat'), up: bar('up') } }
  root.append(create('span', 'symbol', symbol), bars, age)
  return row
}

/** What a bar has room for; all of it is in its title. */
function barText(name: (typeof classes)[number], share: number): string {
  if (share < 0.06) return ''
  return share < 0.17 ? signs[name] : `${signs[name]}${Math.round(share * 100)}%`
}

function drawRow({ root, age, bars }: Row, { prediction, ageUs }: Line): void {
  const shares = {
    down: prediction.probability_down,
    flat: prediction.probability_flat,
    up: prediction.probability_up,
  }
  for (const name of classes) {
    const node = bars[name]
    const width = `${(shares[name] * 100).toFixed(1)}%`
    if (node.style.width !== width) node.style.width = width
    setText(node, barText(name, shares[name]))
    node.title = `${name}: ${percent(shares[name])}`
  }
  const isOld = ageUs === undefined || ageUs > predictionAgeUsMax
  setClass(root, `prediction${isOld ? ' old' : ''}`)
  setText(
    age,
    ageUs === undefined ? 'age unknown' : `${numberText(ageUs / 1e6, 1)} s${isOld ? ', old' : ''}`,
  )
}
