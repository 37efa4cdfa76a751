import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { runSmoke } from './smoke-check.ts'

const help = `asterai smoke test - asks a deployed stack whether it works

Usage: node infra/release/smoke.ts --outputs FILE

  --outputs FILE   what \`pulumi stack output --json\` printed
  --help           this text

Needs gcloud, signed in as somebody who may call the console and the functions.
Exit codes: 0 everything answered, 1 something did not, 2 input that cannot be used.`

const outputsSchema = z.object({
  release: z.string().min(1),
  consoleUrl: z.url(),
  functionUrls: z.record(z.string(), z.url()),
})

/** An identity token of whoever runs this, for one address. */
const identityToken = (audience: string): string =>
  execFileSync('gcloud', ['auth', 'print-identity-token', `--audiences=${audience}`], {
    encoding: 'utf8',
  }).trim()

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { outputs: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  if (values.outputs === undefined) {
    process.stderr.write('error: --outputs is missing; see --help\n')
    return 2
  }
  const outputs = outputsSchema.parse(JSON.parse(readFileSync(values.outputs, 'utf8')))
  const results = await runSmoke(outputs, { fetch, identityToken })
  for (const { name, problem } of results)
    process.stdout.write(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} ${problem ?? ''}\n`)
  return results.every(({ problem }) => problem === undefined) ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message.split('\n').join(' ')}\n`)
  process.exitCode = 2
}
