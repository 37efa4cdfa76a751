import type { ConsoleState, MarkMessage } from '../state.ts'
import { byId, type Cell, createTable } from './dom.ts'
import {
  countdownText,
  intervalText,
  numberText,
  percentText,
  signedText,
  signTone,
} from './format.ts'
import type { ReadPrecision } from './tables.ts'

type FundingLine = {
  readonly symbol: string
  readonly mark: MarkMessage
  readonly intervalHours: number | undefined
  readonly paid: number | undefined
  readonly untilUs: number | undefined
}

const hoursPerYear = 365 * 24
const none = (text: string): Cell => ({ text, tone: 'muted' })

/** Rate, next settlement and what was paid, by symbol. */
export function createFundingTable(
  read: ReadPrecision,
): (state: ConsoleState, nowUs: number | undefined) => void {
  const table = createTable<FundingLine>(byId('funding'), {
    caption: 'Funding by symbol',
    keyOf: ({ symbol }) => symbol,
    emptyText: 'no funding rates yet',
    columns: [
      { header: 'Symbol', read: ({ symbol }) => ({ text: symbol }) },
      {
        header: 'Mark',
        isNumber: true,
        read: ({ symbol, mark }) => ({
          text: numberText(mark.markPrice, read(symbol).price),
        }),
      },
      {
        header: 'Rate',
        isNumber: true,
        read: ({ mark }) =>
          mark.nextFundingAt === 0
            ? none('no funding')
            : { text: percentText(mark.fundingRate, 4), tone: signTone(mark.fundingRate) },
      },
      {
        header: 'Interval',
        isNumber: true,
        read: intervalCell,
      },
      { header: 'Next in', isNumber: true, read: nextCell },
      { header: 'Per year', isNumber: true, read: annualisedCell },
      {
        header: 'Received',
        isNumber: true,
        read: ({ paid }) =>
          paid === undefined
            ? none('none yet')
            : { text: signedText(paid, 4), tone: signTone(paid) },
      },
    ],
  })
  return (state, nowUs) => table.update(fundingLines(state, nowUs))
}

function intervalCell({ mark, intervalHours }: FundingLine): Cell {
  if (mark.nextFundingAt === 0) return none('none')
  return intervalHours === undefined ? none('unknown') : { text: intervalText(intervalHours) }
}

function nextCell({ mark, untilUs }: FundingLine): Cell {
  if (mark.nextFundingAt === 0) return none('none')
  if (untilUs === undefined) return none('unknown')
  const text = countdownText(untilUs)
  return text === undefined ? { text: 'due', tone: 'warn' } : { text }
}

function annualisedCell({ mark, intervalHours }: FundingLine): Cell {
  if (mark.nextFundingAt === 0) return none('none')
  if (intervalHours === undefined) return none('needs interval')
  const ratio = (mark.fundingRate * hoursPerYear) / intervalHours
  return { text: percentText(ratio, Math.abs(ratio) < 10 ? 2 : 0), tone: signTone(ratio) }
}

function fundingLines(state: ConsoleState, nowUs: number | undefined): readonly FundingLine[] {
  const lines: FundingLine[] = []
  for (const [symbol, { mark, fundingIntervalHours }] of Object.entries(state.symbols)) {
    if (!mark) continue
    const payments = state.fundingPayments.filter((payment) => payment.symbol === symbol)
    const paid = payments.reduce((sum, { amount }) => sum + Number(amount), 0)
    lines.push({
      symbol,
      mark,
      intervalHours: fundingIntervalHours,
      paid: payments.length === 0 ? undefined : paid,
      untilUs: nowUs === undefined ? undefined : mark.nextFundingAt - nowUs,
    })
  }
  return lines
}
