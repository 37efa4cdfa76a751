import type { GcpEndpoints, GcpEnvironment } from '#shared/cloud/gcp/environment.ts'

let projects = 0

/** An environment of its own project, so that tests of one emulator do not meet. */
export function emulatedEnvironment(
  endpoints: GcpEndpoints,
  given: Partial<GcpEnvironment> = {},
): GcpEnvironment {
  projects += 1
  return {
    service: 'console',
    projectId: `project-${projects}`,
    region: 'asia-southeast1',
    dataset: 'asterai',
    bucketPrefix: `project-${projects}`,
    secretVersions: {},
    training: {},
    endpoints,
    ...given,
  }
}
