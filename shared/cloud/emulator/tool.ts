import { fileURLToPath } from 'node:url'

/** A Go program that stands in for a Google service, pinned in .ci/emulators/go.mod. */
export type ToolSpec = {
  readonly what: string
  readonly module: string
  readonly version: string
  /** Package of the module that is built. */
  readonly package: string
}

export const tools = {
  'bigquery-emulator': {
    what: 'BigQuery: real GoogleSQL over REST, and the Storage Write API over gRPC',
    module: 'github.com/goccy/bigquery-emulator',
    version: 'v0.8.1',
    package: 'github.com/goccy/bigquery-emulator/cmd/bigquery-emulator',
  },
  'fake-gcs-server': {
    what: 'Cloud Storage over REST',
    module: 'github.com/fsouza/fake-gcs-server',
    version: 'v1.55.1',
    package: 'github.com/fsouza/fake-gcs-server',
  },
} as const satisfies Record<string, ToolSpec>

export type ToolName = keyof typeof tools

/** Where `npm run emulators` puts the programs. */
export const toolFolder = fileURLToPath(new URL('../../../run/tools/', import.meta.url))
export const toolPath = (name: ToolName): string => `${toolFolder}${name}`
