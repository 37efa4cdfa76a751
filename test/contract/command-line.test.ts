import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { costCommand } from '#infra/cost/options.ts'
import { buildCommand } from '#infra/image/options.ts'
import { smokeCommand } from '#infra/release/options.ts'
import { backtestCommand } from '#pipelines/backtest/options.ts'
import { historyCommand } from '#pipelines/data/options.ts'
import { featurizeCommand } from '#pipelines/featurize/options.ts'
import { sweepCommand } from '#pipelines/sweep/options.ts'
import { trainCheckCommand, trainCommand } from '#pipelines/train/options.ts'
import { recordCommand, tapeCommand } from '#services/collector/options.ts'
import { probeCommand } from '#services/latency-probe/options.ts'
import { simulateCommand, startCommand } from '#services/local/options.ts'
import { replayCommand } from '#services/local/replay.ts'
import { sqlCommand } from '#services/local/sql.ts'
import { twinCommand } from '#services/twin/options.ts'
import { type Command, readCommandLine } from '#shared/cloud/command-line/command.ts'
import { helpText } from '#shared/cloud/command-line/help.ts'
import { emulatorsCommand } from '#shared/cloud/emulator/install.ts'
import { benchCommand } from '#test/bench/options.ts'

const commands: readonly Command[] = [
  startCommand,
  simulateCommand,
  replayCommand,
  sqlCommand,
  recordCommand,
  tapeCommand,
  twinCommand,
  probeCommand({}),
  historyCommand,
  backtestCommand,
  sweepCommand,
  featurizeCommand,
  trainCommand,
  trainCheckCommand,
  costCommand,
  buildCommand,
  smokeCommand,
  emulatorsCommand,
  benchCommand,
]
const withVerbs = commands.flatMap((command) => [command, ...Object.values(command.verbs ?? {})])

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? (word as string))

function readLine(command: Command, line: string) {
  const words = wordsOf(line).filter((word) => word !== '--')
  const verb = command.verbs?.[words[0] ?? '']
  return readCommandLine(verb ?? command, verb ? words.slice(1) : words)
}

describe.each(withVerbs.map((command) => [command.call, command] as const))(
  '%s',
  (call, command) => {
    const help = helpText(command)

    test('its help names every option and keeps within 100 columns', () => {
      for (const name of Object.keys(command.options)) expect(help).toContain(`\n  --${name}`)
      for (const name of Object.keys(command.verbs ?? {})) expect(help).toContain(`\n  ${name} `)
      expect(help.split('\n').filter((line) => line.length > 100)).toEqual([])
    })

    test('its examples can be typed, and its own come with its help', () => {
      expect(command.examples.length).toBeGreaterThan(0)
      for (const each of command.examples) {
        const line = typeof each === 'string' ? each : each[0]
        expect(line.startsWith(call)).toBe(true)
        const [first = '', ...rest] = wordsOf(line.slice(call.length)).filter(
          (word) => word !== '--',
        )
        const verb = command.verbs?.[first]
        const words = first === '' ? [] : [first, ...rest]
        expect(readCommandLine(verb ?? command, verb ? rest : words)).not.toBe('help')
      }
    })

    test('a slip of the finger in an option is answered with that option', () => {
      for (const name of Object.keys(command.options).filter(({ length }) => length > 3)) {
        const slip = `${name.slice(0, 2)}${name[3]}${name[2]}${name.slice(4)}`
        expect(() => readCommandLine(command, [`--${slip}x`])).toThrow(/did you mean --/)
      }
    })
  },
)

test.each(['README.md', 'CONTRIBUTING.md', 'docs/runbook.md', 'infra/pulumi/README.md'])(
  'what %s says to type can be typed',
  (path) => {
    const lines = [...readFileSync(path, 'utf8').matchAll(/(npm (?:run )?[\w:]+)( -- [^`|#\n]+)/g)]
    for (const [, call, line = ''] of lines) {
      const command = commands.find((each) => each.call === call)
      if (command) expect(() => readLine(command, line), line).not.toThrow()
    }
  },
)

/** Programs that npm scripts start; the browser's and the lock's take no words. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}
const started = Object.entries(scripts).flatMap(([name, line]) => {
  const program = /^(?:exec )?node ((?!test\/browser)\S+\.ts)$/.exec(line)?.[1]
  return program === undefined ? [] : [[`npm ${name === 'start' ? '' : 'run '}${name}`, program]]
})
const programs = Object.fromEntries(started) as Readonly<Record<string, string>>

test('every program that npm starts is here', () => {
  const calls = commands.map(({ call }) => call)
  expect(calls.filter((call) => call.startsWith('npm')).toSorted()).toEqual(
    Object.keys(programs).toSorted(),
  )
})

test.each(commands.map((command) => [command.call, command] as const))(
  '%s says this help as a process',
  async (call, command) => {
    const child = spawn(process.execPath, [programs[call] ?? call.slice('node '.length), '--help'])
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk
      })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect({ code, out }).toEqual({ code: 0, out: `${helpText(command)}\n` })
  },
)
