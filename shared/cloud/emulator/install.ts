import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { TradingError } from '#shared/kernel/error.ts'
import type { Command } from '../command-line/command.ts'
import { flag } from '../command-line/option.ts'
import { carryOut, runProcess } from '../command-line/run.ts'
import { type ToolName, toolFolder, toolPath, tools } from './tool.ts'

export const emulatorsCommand = {
  call: 'npm run emulators',
  what: 'Builds the stand-ins of BigQuery and Cloud Storage that tests and emulated runs use.',
  options: { check: flag('only say what is there; exit code 2 when something is missing') },
  examples: ['npm run emulators', 'npm run emulators -- --check'],
  notes: [
    'Versions and checksums stand in .ci/emulators/go.mod and go.sum. A program that is there in its version is not built again. The first build needs Go 1.25.8 or newer, the network and about ten minutes.',
  ],
} satisfies Command

const sourceFolder = fileURLToPath(new URL('../../../.ci/emulators/', import.meta.url))

/** @returns exit code */
async function installTools(isOnlyChecked: boolean, say: (line: string) => void): Promise<0 | 2> {
  const missing: ToolName[] = []
  for (const name of Object.keys(tools) as ToolName[]) {
    const isThere = await isBuilt(name)
    say(`${name} ${tools[name].version}: ${isThere ? toolPath(name) : 'not built'}`)
    if (!isThere) missing.push(name)
  }
  if (isOnlyChecked) return missing.length === 0 ? 0 : 2
  for (const name of missing) await build(name, say)
  return 0
}

/** A Go program has the versions of its modules in it as text. */
async function isBuilt(name: ToolName): Promise<boolean> {
  const path = toolPath(name)
  if (!existsSync(path)) return false
  const { module, version } = tools[name]
  const wanted = Buffer.from(`${module}\t${version}\t`)
  const file = await open(path)
  try {
    const chunk = Buffer.alloc(4_000_000)
    for (let position = 0; ; position += chunk.length - wanted.length) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
      if (chunk.subarray(0, bytesRead).includes(wanted)) return true
      if (bytesRead < chunk.length) return false
    }
  } finally {
    await file.close()
  }
}

async function build(name: ToolName, say: (line: string) => void): Promise<void> {
  const version = spawnSync('go', ['version'], { encoding: 'utf8' })
  if (version.error)
    throw new TradingError(
      'CONFIG_INVALID',
      `${name} has to be built and there is no 'go' here; install Go 1.25.8 or newer (https://go.dev/dl), or copy the program of a machine that has it to ${toolPath(name)}`,
    )
  say(`building ${name} ${tools[name].version} with ${version.stdout.trim()} …`)
  await mkdir(toolFolder, { recursive: true })
  const part = `${toolPath(name)}.part`
  const started = performance.now()
  const child = spawn(
    'go',
    ['build', '-mod=readonly', '-buildvcs=false', '-o', part, tools[name].package],
    {
      cwd: sourceFolder,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) {
    await rm(part, { force: true })
    throw new TradingError('CONFIG_INVALID', `go could not build ${name}; its words stand above`)
  }
  await rename(part, toolPath(name))
  say(`built ${toolPath(name)} in ${Math.round((performance.now() - started) / 1_000)} s`)
}

if (import.meta.main)
  await runProcess(
    carryOut(emulatorsCommand, ({ options }) =>
      installTools(options.check, (line) => process.stderr.write(`${line}\n`)),
    ),
  )
