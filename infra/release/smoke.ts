import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { invalidOption } from '#shared/cloud/command-line/read-word.ts'
import { carryOut, runProcess } from '#shared/cloud/command-line/run.ts'
import type { AskGoogle } from './google-api.ts'
import { smokeCommand } from './options.ts'
import { exitCodeOf, runSmoke } from './smoke-check.ts'

const timeoutMs = 60_000
/** Tokens live for an hour; this asks for one more often. */
const tokenLivesMs = 600_000

const outputsSchema = z.object({
  release: z.string().min(1),
  project: z.string().min(1),
  region: z.string().min(1),
  dataset: z.string().min(1),
  consoleUrl: z.url(),
  functionUrls: z.record(z.string(), z.url()),
})

function readOutputs(file: string): z.infer<typeof outputsSchema> {
  try {
    return outputsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    const why = (cause as Error).message.split('\n').join(' ')
    throw invalidOption(`--outputs '${file}' holds no outputs of a stack: ${why}`)
  }
}

/** As whoever gcloud is signed in as. */
function askGoogleByGcloud(): AskGoogle {
  let token = { value: '', atMs: Number.NEGATIVE_INFINITY }
  return async ({ url, body }) => {
    if (Date.now() - token.atMs > tokenLivesMs) {
      const value = execFileSync('gcloud', ['auth', 'print-access-token'], { encoding: 'utf8' })
      token = { value: value.trim(), atMs: Date.now() }
    }
    const reply = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token.value}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: reply.status, body: await reply.json().catch(() => undefined) }
  }
}

async function callAsStranger(url: string, method: 'GET' | 'POST'): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs)
  return (await fetch(url, { method, signal, redirect: 'manual' })).status
}

async function main(file: string, deployedMs: number | undefined): Promise<number> {
  const { dataset, ...target } = readOutputs(file)
  const { openBigQueryWarehouse } = await import('#shared/cloud/gcp/warehouse.ts')
  const warehouse = await openBigQueryWarehouse({ project: target.project, dataset })
  const results = await runSmoke(
    { ...target, deployedMs },
    {
      callAsStranger,
      askGoogle: askGoogleByGcloud(),
      query: (sql) => warehouse.query(sql),
      nowMs: () => Date.now(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
  )
  await warehouse.close()
  const words = { works: 'ok     ', fails: 'FAIL   ', unknown: 'unknown' }
  for (const { name, verdict, why } of results)
    process.stdout.write(`${words[verdict]} ${name}${why === '' ? '' : `: ${why}`}\n`)
  return exitCodeOf(results)
}

await runProcess(carryOut(smokeCommand, ({ options }) => main(options.outputs, options.deployed)))
