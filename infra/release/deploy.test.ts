import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { trustedPush } from '../pulumi/workload-identity.ts'
import { smokeExits } from './smoke-check.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

type Given = {
  readonly previous?: string
  /** What the state says once the deployment has failed. */
  readonly now?: string
  readonly fails?: 'up' | 'smoke' | 'fetch'
  /** Exit code of the first smoke test, and of the one after going back. */
  readonly smoke?: number
  readonly smokeAgain?: number
}

/** Runs the script in a folder of its own, with stand-ins for pulumi, gcloud and the smoke test that write down their calls. */
function deploy(action: string, given: Given = {}) {
  const { previous, now = previous, fails, smokeAgain = 0 } = given
  const { smoke = fails === 'smoke' ? smokeExits.fails : 0 } = given
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
  const tell = (release: string | undefined) => (release ? `echo ${release}` : 'exit 1')
  write(
    'pulumi',
    `echo "pulumi $*" >>'${log}'
ups=$(grep -c '^pulumi up' '${log}')
case "$*" in
  'stack output release') if [ "$ups" -gt 0 ]; then ${tell(now)}; else ${tell(previous)}; fi ;;
  'stack output functionsZip') ${tell(previous && 'dist/functions-old.zip')} ;;
  'stack output sourceBucket') echo desk-source ;;
  'up'*) ${fails === 'up' ? '[ "$ups" -gt 1 ]' : 'true'} ;;
esac`,
  )
  write('gcloud', `echo "gcloud $*" >>'${log}'${fails === 'fetch' ? '; exit 1' : ''}`)
  write(
    'node',
    `if [ "$1" = -p ]; then echo dist/functions-new.zip; exit; fi
echo "smoke $*" >>'${log}'
if [ "$(grep -c '^smoke' '${log}')" -gt 1 ]; then exit ${smokeAgain}; else exit ${smoke}; fi`,
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

/** What was changed or asked, without options. */
const steps = (calls: readonly string[]) =>
  calls
    .filter((call) => /^pulumi (up|config)|^smoke|^gcloud/.test(call))
    .map((call) => call.split(' --')[0]?.replace(' infra/release/smoke.ts', ''))

const brought = [
  'pulumi config set asterai:release new',
  'pulumi config set asterai:functionsZip dist/functions-new.zip',
  'pulumi up',
]
const wayBack = 'gcloud storage cp gs://desk-source/functions-old.zip dist/functions-old.zip'

test('a preview changes nothing', () => {
  const { status, calls } = deploy('preview', { previous: 'old' })
  expect(status).toBe(0)
  expect(calls.at(-1)).toMatch(/^pulumi preview /)
  expect(steps(calls)).toEqual(brought.slice(0, 2))
})

test('a release that passes its smoke test stays', () => {
  const { status, calls } = deploy('up', { previous: 'old' })
  expect(status).toBe(0)
  expect(steps(calls)).toEqual([wayBack, ...brought, 'smoke'])
  expect(calls.at(-1)).toMatch(/ --deployed \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})

test.each(['smoke', 'up'] as const)(
  'when the %s fails the release before comes back, and the build fails',
  (fails) => {
    const { status, calls, error } = deploy('up', { previous: 'old', fails })
    expect(status).toBe(1)
    expect(error).toContain('going back from new to old')
    expect(steps(calls)).toEqual([
      wayBack,
      ...brought,
      ...(fails === 'smoke' ? ['smoke'] : []),
      'pulumi config set asterai:release old',
      'pulumi config set asterai:functionsZip dist/functions-old.zip',
      'pulumi up',
      'smoke',
    ])
    // Going back may have changed nothing, so nothing need have begun anew.
    expect(calls.at(-1)).not.toContain('--deployed')
  },
)

test.each([
  [smokeExits.unknown, 'what could not be asked'],
  [1, 'a crash of the smoke test, or a fault it names'],
  [2, 'options it does not take'],
  [10, 'Node that cannot begin'],
  [127, 'no Node at all'],
  [137, 'a smoke test that was killed'],
])('code %d (%s) undoes nothing and is no success', (smoke) => {
  const { status, calls, error } = deploy('up', { previous: 'old', smoke })
  expect(status).toBe(3)
  expect(error).toContain('not known whether release new works')
  expect(steps(calls)).toEqual([wayBack, ...brought, 'smoke'])
})

test.each([
  [0, ''],
  [smokeExits.fails, 'the previous release does not pass either'],
  [1, 'it is not known whether the previous release works'],
])('after going back, code %d is told as it is: %s', (smokeAgain, told) => {
  const { status, error } = deploy('up', { previous: 'old', fails: 'smoke', smokeAgain })
  expect(status).toBe(1)
  expect(error.split('going back from new to old')[1]?.trim()).toContain(told)
  expect(error.includes('previous release')).toBe(smokeAgain !== 0)
})

test('without a way back nothing is changed', () => {
  const { status, calls, error } = deploy('up', { previous: 'old', fails: 'fetch' })
  expect(status).toBe(1)
  expect(error).toContain('nothing was changed')
  expect(steps(calls)).toEqual([wayBack])
})

test('what another deployment brought meanwhile is not undone', () => {
  const { status, calls, error } = deploy('up', { previous: 'old', now: 'other', fails: 'up' })
  expect(status).toBe(1)
  expect(error).toContain('another deployment brought release other')
  expect(steps(calls)).toEqual([wayBack, ...brought])
})

test('a first release has nothing to go back to and says so', () => {
  const { status, error, calls } = deploy('up', { fails: 'smoke' })
  expect(status).toBe(1)
  expect(error).toContain('there is none to go back to')
  expect(steps(calls)).toEqual([...brought, 'smoke'])
})

test('the same release once more starts nothing anew, and is not gone back to', () => {
  const { status, error, calls } = deploy('up', { previous: 'new', fails: 'smoke' })
  expect(status).toBe(1)
  expect(error).toContain('there is nothing to go back to')
  expect(steps(calls)).toEqual([...brought, 'smoke'])
  expect(calls.at(-1)).not.toContain('--deployed')
})

type Step = { readonly id?: string; readonly name?: string; readonly run?: string }

describe('the pipelines', () => {
  const cloudBuild = parse(readFileSync('cloudbuild.yaml', 'utf8'))
  const workflow = parse(readFileSync('.github/workflows/release.yaml', 'utf8'))
  const { test: tests, deploy: deployment } = workflow.jobs
  const scriptsOf = (steps: readonly Step[]) =>
    [...JSON.stringify(steps).matchAll(/infra\/release\/([\w-]+)\.sh/g)].map(([, name]) => name)
  const called = cloudBuild.steps as readonly Step[]

  test('run the same scripts in the same order', () => {
    expect(scriptsOf(called)).toEqual(['leaks', 'images', 'scan', 'sign', 'deploy'])
    expect([...scriptsOf(tests.steps), ...scriptsOf(deployment.steps)]).toEqual(scriptsOf(called))
    expect(deployment.needs).toBe('test')
    expect(cloudBuild.substitutions._ACTION).toBe('preview')
  })

  test('let nothing float but the one builder that Google keeps without versions', () => {
    for (const { name } of called)
      expect(name).toMatch(/:(v?\d+\.\d+\.\d+|\$\{_\w+\})|^gcr\.io\/cloud-builders\/docker$/)
    expect(cloudBuild.substitutions._PULUMI_VERSION).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('have what a scan and a signature need: local-extract and the track beta', () => {
    for (const id of ['scan', 'sign'])
      expect(called.find((step) => step.id === id)?.name).toMatch(/google-cloud-cli:[\d.]+$/)
    const gcloud = deployment.steps.find(({ uses = '' }: { uses?: string }) =>
      uses.includes('setup-gcloud'),
    )
    expect(gcloud.with.install_components.split(',')).toEqual(
      expect.arrayContaining(['beta', 'local-extract']),
    )
    expect(readFileSync('infra/release/sign.sh', 'utf8')).toContain(
      'gcloud beta container binauthz',
    )
  })

  test('of a pull request has no identity, and a tag has the one that Google believes', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(tests.permissions).toBeUndefined()
    expect(deployment.if).toBe("github.event_name == 'push'")
    const { branches, tags } = workflow.on.push
    const refs = [
      ...branches.map((name: string) => `refs/heads/${name}`),
      ...tags.map((name: string) => `refs/tags/${name.replace('*', '1.2.3')}`),
    ]
    // The condition is CEL; what it uses of it JavaScript reads the same way.
    const believed = new Function(
      'assertion',
      `return ${trustedPush(7).replaceAll('==', '===')}`,
    ) as (claims: unknown) => boolean
    for (const ref of refs)
      expect(believed({ repository_id: '7', event_name: 'push', ref }), ref).toBe(true)
  })

  test('deploy one release at a time, from whatever tag', () => {
    expect(deployment.concurrency.group).not.toContain('github.ref')
    expect(deployment.concurrency['cancel-in-progress']).toBe(false)
  })
})

test.each(['scan', 'sign'])('%s of no image is no success', (name) => {
  const root = mkdtempSync(join(tmpdir(), 'asterai-images-'))
  folders.push(root)
  mkdirSync(join(root, 'dist'))
  writeFileSync(join(root, 'dist/images.txt'), '')
  cpSync('infra/release', join(root, 'infra/release'), { recursive: true })
  const { status, stderr } = spawnSync('bash', [join(root, `infra/release/${name}.sh`)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ATTESTOR: 'a', SIGNING_KEY: 'k' },
  })
  expect(status).toBe(1)
  expect(stderr).toContain('names no image')
})

test('every image is scanned, though the scanner reads what it is given', () => {
  const root = mkdtempSync(join(tmpdir(), 'asterai-images-'))
  folders.push(root)
  for (const folder of ['dist', 'bin']) mkdirSync(join(root, folder))
  writeFileSync(join(root, 'dist/images.txt'), 'r/one@sha256:1\nr/two@sha256:2\n')
  cpSync('infra/release', join(root, 'infra/release'), { recursive: true })
  writeFileSync(
    join(root, 'bin/gcloud'),
    `#!/bin/bash
cat >/dev/null
case "$*" in
  *list-vulnerabilities*two*) echo '[{"vulnerability":{"effectiveSeverity":"CRITICAL","fixAvailable":true}}]' ;;
  *list-vulnerabilities*) echo '[{"vulnerability":{"effectiveSeverity":"CRITICAL"}}]' ;;
  *) echo "scans/$5" ;;
esac`,
    { mode: 0o755 },
  )
  const { status, stdout, stderr } = spawnSync('bash', [join(root, 'infra/release/scan.sh')], {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  })
  expect(stdout.trim().split('\n')).toEqual([
    'r/one@sha256:1: 0 critical with a fix',
    'r/two@sha256:2: 1 critical with a fix',
  ])
  expect([status, stderr]).toEqual([1, expect.stringContaining('update the base images')])
})
