import { writeFile } from 'node:fs/promises'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { LatencyReport } from './measure.ts'

/**
 * Keeps a report as a file, in the bucket of reports, or both.
 *
 * @throws TradingError FILE_UNREADABLE, CONFIG_INVALID, PLATFORM_UNREACHABLE
 */
export async function storeReport(
  report: LatencyReport,
  { file, toBucket }: { readonly file: string | undefined; readonly toBucket: boolean },
): Promise<void> {
  const text = `${JSON.stringify(report)}\n`
  if (file !== undefined)
    await writeFile(file, text).catch((cause: Error) => {
      throw new TradingError('FILE_UNREADABLE', `cannot write ${file}: ${cause.message}`, {}, cause)
    })
  if (!toBucket) return
  const { endpointUrl, readGcpEnvironment } = await import('#shared/cloud/gcp/environment.ts')
  const { openStorageBlobs } = await import('#shared/cloud/gcp/blobs.ts')
  const { projectId, bucketPrefix, endpoints } = readGcpEnvironment(process.env)
  const blobs = openStorageBlobs({
    project: projectId,
    bucket: bucketName(bucketPrefix, 'reports'),
    ...(endpoints.storage && { endpoint: endpointUrl(endpoints.storage) }),
  })
  const time = report.measuredAt.replace(/[-:]|\..*$/g, '')
  await blobs.put(`latency/${report.region}/${time}.json`, new TextEncoder().encode(text))
}
