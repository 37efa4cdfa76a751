import type { Command } from '#shared/cloud/command-line/command.ts'
import { address, file, flag, json, text, whole } from '#shared/cloud/command-line/option.ts'
import type { Environment } from '#shared/cloud/process/settings.ts'

/** @param environment - a job in the cloud is told by its variables what a person types */
export const probeCommand = (environment: Environment) =>
  ({
    call: 'npm run probe',
    what: 'Measures REST and stream latency to Aster from here; compares regions. Reads public data only.',
    usage: ['npm run probe -- [options]', 'npm run probe -- --compare FILE... [--json]'],
    words: { value: 'FILE...', what: 'reports, with --compare', least: 0 },
    options: {
      region: text({
        value: 'NAME',
        what: 'where this runs; ASTERAI_REGION',
        default: environment.ASTERAI_REGION || 'here',
      }),
      symbol: text({ value: 'NAME', what: 'market whose book is read', default: 'BTCUSDT' }),
      seconds: whole({
        what: 'how long; PROBE_SECONDS',
        range: [1, 3_600],
        default: environment.PROBE_SECONDS || '30',
      }),
      rest: address({
        what: 'REST host; ASTER_REST_URL',
        default: environment.ASTER_REST_URL || 'https://fapi.asterdex.com',
      }),
      stream: address({
        what: 'stream host; ASTER_STREAM_URL',
        default: environment.ASTER_STREAM_URL || 'wss://fstream.asterdex.com',
      }),
      out: file({ what: 'file for the report' }),
      store: flag('put the report into the bucket of reports, as the job in the cloud does'),
      compare: flag('recommend one of several regions, and say how sure that is'),
      json,
    },
    examples: [
      'npm run probe -- --region asia-northeast1 --seconds 120 --out tokyo.json',
      'npm run probe -- --compare tokyo.json singapore.json',
    ],
    notes: ['A name in capitals is the environment variable that sets the default.'],
  }) satisfies Command
