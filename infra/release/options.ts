import type { Command } from '#shared/cloud/command-line/command.ts'
import { date, file, needed } from '#shared/cloud/command-line/option.ts'

export const smokeCommand = {
  call: 'node infra/release/smoke.ts',
  what: 'asterai smoke test - asks a deployed stack whether it works',
  usage: ['node infra/release/smoke.ts --outputs FILE [--deployed TIME]'],
  options: {
    outputs: needed(
      file({ what: 'what `pulumi stack output --json` printed' }),
      'dist/outputs.json',
    ),
    deployed: date({
      value: 'TIME',
      what: 'the executor must have begun anew since, UTC; without it, it need only live',
    }),
  },
  examples: [
    'node infra/release/smoke.ts --outputs dist/outputs.json',
    'node infra/release/smoke.ts --outputs dist/outputs.json --deployed 2026-11-21T12:00:00Z',
  ],
  notes: [
    'Needs gcloud, signed in as somebody who may run schedules, read logs and ask BigQuery.',
    'Exit code 20: something does not work; the release is to be undone. Exit code 3: nothing failed, but something could not be asked. That, and a fault of this program, is no reason to undo a release.',
    'A function that answers 502 could not reach the venue: that too is unknown.',
  ],
  exits: { 0: 'everything works', 1: 'a fault of this program: nothing is known' },
} satisfies Command
