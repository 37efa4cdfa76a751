import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Runs the script in a folder of its own, with stand-ins for pulumi, gcloud and the smoke test that write down their calls. */
function deploy(action: string, given: { previous?: string; fails?: string } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'asterai-deploy-'))
  folders.push(root)
  mkdirSync(join(root, 'infra'))
  cpSync('infra/release', join(root, 'infra/release'), { recursive: true })
  mkdirSync(join(root, 'dist'))
  writeFileSync(join(root, 'dist/functions.json'), '{"zip":"dist/functions-new.zip"}')
  const programs = join(root, 'bin')
  mkdirSync(programs)
  const write = (name: string, body: string) =>
    writeFileSync(join(programs, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 })
  const log = join(root, 'calls.txt')
  writeFileSync(log, '')
  write(
    'pulumi',
    `echo "pulumi $*" >>'${log}'
case "$*" in
  'stack output release') ${given.previous ? `echo ${given.previous}` : 'exit 1'} ;;
  'stack output functionsZip') echo dist/functions-old.zip ;;
  'stack output sourceBucket') echo desk-source ;;
  'up'*) ${given.fails === 'up' ? `[ "$(grep -c '^pulumi up' '${log}')" -gt 1 ]` : 'true'} ;;
esac`,
  )
  write('gcloud', `echo "gcloud $*" >>'${log}'`)
  write(
    'node',
    `if [ "$1" = -p ]; then echo dist/functions-new.zip; exit; fi
echo "smoke" >>'${log}'
${given.fails === 'smoke' ? `[ "$(grep -c '^smoke' '${log}')" -gt 1 ]` : 'true'}`,
  )
  const result = spawnSync('bash', ['infra/release/deploy.sh'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: `${programs}:${process.env.PATH}`,
      ACTION: action,
      STACK: 'dev',
      RELEASE: 'new',
    },
  })
  const calls = readFileSync(log, 'utf8').trim().split('\n')
  return { status: result.status, error: result.stderr, calls }
}

const changes = (calls: readonly string[]) =>
  calls.filter((call) => /pulumi (up|config)|smoke|gcloud/.test(call))

test('a preview changes nothing', () => {
  const { status, calls } = deploy('preview')
  expect(status).toBe(0)
  expect(calls.at(-1)).toMatch(/^pulumi preview /)
  expect(calls.filter((call) => call.startsWith('pulumi up'))).toEqual([])
})

test('a release that passes its smoke test stays', () => {
  const { status, calls } = deploy('up', { previous: 'old' })
  expect(status).toBe(0)
  expect(changes(calls).map((call) => call.split(' --')[0])).toEqual([
    'pulumi config set asterai:release new',
    'pulumi config set asterai:functionsZip dist/functions-new.zip',
    'pulumi up',
    'smoke',
  ])
})

test.each(['smoke', 'up'])(
  'when the %s fails the release before comes back, and the build fails',
  (fails) => {
    const { status, calls, error } = deploy('up', { previous: 'old', fails })
    expect(status).toBe(1)
    expect(error).toContain('going back from new to old')
    expect(
      changes(calls)
        .slice(-5)
        .map((call) => call.split(' --')[0]),
    ).toEqual([
      'gcloud storage cp gs://desk-source/functions-old.zip dist/functions-old.zip',
      'pulumi config set asterai:release old',
      'pulumi config set asterai:functionsZip dist/functions-old.zip',
      'pulumi up',
      'smoke',
    ])
  },
)

test('a first release has nothing to go back to and says so', () => {
  const { status, error } = deploy('up', { fails: 'smoke' })
  expect(status).toBe(1)
  expect(error).toContain('there is none to go back to')
})

test('both pipelines run the same scripts in the same order, and nothing floats', () => {
  const cloudBuild = parse(readFileSync('cloudbuild.yaml', 'utf8'))
  const workflow = parse(readFileSync('.github/workflows/release.yaml', 'utf8'))
  const scripts = ['images', 'scan', 'sign', 'deploy'].map((name) => `infra/release/${name}.sh`)
  const ofCloudBuild = cloudBuild.steps.flatMap(({ args }: { args: string[] }) =>
    args.filter((argument) => argument.endsWith('.sh')),
  )
  const ofWorkflow = workflow.jobs.deploy.steps.flatMap(
    ({ run }: { run?: string }) => /infra\/release\/\S+/.exec(run ?? '') ?? [],
  )
  expect(ofCloudBuild).toEqual(scripts)
  expect(ofWorkflow).toEqual(scripts)
  expect(workflow.jobs.deploy.needs).toBe('test')
  for (const { name } of cloudBuild.steps) expect(name).not.toMatch(/:latest$/)
  expect(cloudBuild.substitutions._ACTION).toBe('preview')
})
