import type { Command, Options } from './command.ts'
import type { Option } from './option.ts'

const columns = 100
/** A longer name has its meaning on the line below. */
const nameColumnsMax = 26

/** A space at which no line is cut. */
const tie = '\u00a0'

type Row = readonly [name: string, what: string]

/** All that a person has to know of a command, from its table; lines are at most 100 columns wide. */
export function helpText(command: Command): string {
  const { examples, exits = {}, notes = [], what, words } = command
  const verbs = Object.entries(command.verbs ?? {}).map(([name, verb]): Row => [name, verb.what])
  const sections: [title: string, options: Options][] = Object.entries(
    command.sections ?? { Options: command.options },
  )
  const tables: [title: string, rows: readonly Row[]][] = [
    ['', words ? [[words.value, words.what]] : []],
    ['Commands', verbs],
    ...sections.map(([title, options], index): [string, readonly Row[]] => [
      title,
      [
        ...Object.entries(options).map(rowOf),
        ...(index === sections.length - 1 ? helpRows(command) : []),
      ],
    ]),
    ['Examples', examples.map((each): Row => (typeof each === 'string' ? [each, ''] : each))],
  ]
  return [
    ...wrapped(what, columns),
    '',
    ...usageOf(command).map((line, index) => `${index === 0 ? 'Usage: ' : '       '}${line}`),
    ...tables.filter(([, rows]) => rows.length > 0).flatMap(tableOf),
    '',
    ...notes.flatMap((note) => [...wrapped(note, columns), '']),
    ...(command.verbs && Object.keys(command.options).length === 0
      ? []
      : wrapped(
          `Exit codes: 0 ${exits[0] ?? 'done'}, 1 ${exits[1] ?? 'a fault while running'}, 2 input that cannot be used.`,
          columns,
        )),
  ]
    .join('\n')
    .trimEnd()
}

const helpRows = ({ verbs }: Command): readonly Row[] => [
  ...(verbs ? [['COMMAND --help', 'what one of the commands takes'] as const] : []),
  ['--help', 'this text'],
]

const rowOf = ([name, { default: fallback, value, what }]: [string, Option<unknown>]): Row => [
  `--${name}${value === undefined ? '' : ` ${value}`}`,
  fallback === undefined ? what : `${what} (default${tie}${fallback})`,
]

/** The call with the words that make sense behind it; npm wants `--` before them. */
function usageOf({ call, usage, verbs, words }: Command): readonly string[] {
  if (usage) return usage
  const separated = call.startsWith('npm ') && !call.includes(' -- ') ? `${call} --` : call
  const own = words && (words.least === 0 ? `[${words.value}] ` : `${words.value} `)
  return [`${separated} ${verbs ? 'COMMAND ' : (own ?? '')}[options]`]
}

function tableOf([title, rows]: readonly [title: string, rows: readonly Row[]]): readonly string[] {
  const isExamples = title === 'Examples'
  const widths = rows.filter(([, what]) => what !== '').map(([name]) => name.length)
  const width = Math.max(0, ...widths.filter((one) => isExamples || one <= nameColumnsMax)) + 2
  const lines = rows.flatMap(([name, what]) => {
    const isShort = name.length + 2 <= width
    const [first = '', ...more] = wrapped(what, columns - 2 - width)
    const gap = ' '.repeat(width + 2)
    return isShort || what === ''
      ? [`  ${name.padEnd(width)}${first}`.trimEnd(), ...more.map((line) => gap + line)]
      : [`  ${name}`, ...[first, ...more].map((line) => gap + line)]
  })
  return ['', ...(title === '' ? [] : [`${title}:`]), ...lines]
}

/** Words in lines of at most `width` columns. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => line.replaceAll(tie, ' '))
}
