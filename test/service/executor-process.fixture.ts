import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { runCloudExecutor } from '#services/executor/cloud.ts'
import type { ExecutorConfig } from '#services/executor/config.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { openFileLease } from '#shared/cloud/local/lease.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import type { Register } from '#shared/cloud/port.ts'
import { runLife } from '#shared/cloud/process/life.ts'

/** What a test gives to an executor that it starts as a process of its own. */
export type ExecutorProcessGiven = {
  readonly folder: string
  readonly holder: string
  readonly agentKey: string
  readonly config: ExecutorConfig
}

/** The cloud's executor over folders of one machine: same life, same hand-over, no client libraries. */
const given: ExecutorProcessGiven = JSON.parse(process.argv[2] ?? '{}')
const { folder, holder, agentKey, config } = given

/** Of one machine and one writer at a time, which the lease sees to. */
function fileRegister(path: string): Register {
  const read = async () => {
    if (!existsSync(path)) return undefined
    const text = readFileSync(path, 'utf8')
    return { text, version: text }
  }
  return {
    place: path,
    read,
    async write(text, version) {
      if ((await read())?.version !== version) return undefined
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      return text
    },
  }
}

await runLife({ name: 'executor' }, (life) =>
  runCloudExecutor(
    {
      config,
      holder,
      openPlatform: async () => {
        const bus = openBus(`service-test-${holder}`)
        return {
          bus,
          secrets: { get: () => agentKey },
          blobs: (bucket) => openBlobs(`${folder}/${bucket}`),
          register: (name) => fileRegister(`${folder}/state/${name}`),
          lease: openFileLease({ folder: `${folder}/lease`, clock: createWallClock() }),
          close: async () => bus.close(),
        }
      },
    },
    life,
  ),
)
