import type { RunSummary, StrategySummary } from '#services/executor/summary.ts'

const headings = [
  'strategy',
  'orders',
  'fills',
  'maker',
  'P&L',
  '= spread',
  '+ price',
  '- fees',
  '+ funding',
]

/** The closing summary as a table; money in USDT. */
export function summaryText(summary: RunSummary): string {
  const rows = [
    headings,
    ...Object.entries(summary.byStrategy).map(([name, own]) => rowOf(name, own)),
    rowOf('total', summary.pnl),
  ]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
  const { accountCheck } = summary
  return [
    `run ${summary.runId} (${summary.mode}), ${summary.seconds.toFixed(1)} s, ${summary.events} events, money in USDT`,
    '',
    ...rows.map(line),
    '',
    ...(summary.killed ? [`trading was killed: ${summary.killed}`] : []),
    `account check: ${accountCheck.exact ? 'exact (positions, sub-books, wallet and income history agree)' : accountCheck.isUnknown ? 'UNKNOWN' : 'DIFFERS'}`,
    ...accountCheck.differences.map((difference) => `  ${difference}`),
    ...summary.ordersUnknown.map(
      (id) => `  order ${id} has no final answer; it may rest at the venue`,
    ),
    `intents: ${summary.intents}, fingerprint ${summary.intentsHash}`,
  ].join('\n')
}

const rowOf = (name: string, own: StrategySummary): string[] => [
  name,
  String(own.orders),
  String(own.fills),
  own.makerShare === null ? '-' : `${(own.makerShare * 100).toFixed(1)} %`,
  money(own.pnl),
  money(own.spread),
  money(own.price),
  money(own.fees),
  money(own.funding),
]

/** Four decimals are enough to read; the exact figures are in summary.json. A loss too small to show is no `-0.0000`. */
const money = (text: string): string =>
  Number(text)
    .toFixed(4)
    .replace(/^-(0\.0+)$/, '$1')
