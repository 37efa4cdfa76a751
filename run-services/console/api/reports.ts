import { z } from 'zod'
import type { Blobs } from '#shared/cloud/port.ts'
import { Refusal } from '../refusal.ts'
import { type ApiRoute, jsonAnswer, readRoute } from './route.ts'

/** Newest first; older ones are reached with `before`. */
const namesMax = 400

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
}

/** The daily pages. They are downloaded, never shown here: what a page holds must not run under the console's name. */
export const reportRoutes = (
  reports: Pick<Blobs, 'list' | 'get'> | undefined,
): readonly ApiRoute[] => {
  const need = (): Pick<Blobs, 'list' | 'get'> => {
    if (reports) return reports
    throw new Refusal(404, 'there are no reports here', 'run publish-report first')
  }
  return [
    readRoute({
      method: 'get',
      path: '/api/reports',
      room: 'reports',
      action: 'reports',
      summary: 'Names of the daily reports, newest first',
      role: 'viewer',
      query: z.strictObject({ before: z.string().max(200).optional() }),
      replies: {
        200: {
          what: `at most ${namesMax} names`,
          schema: z.object({ names: z.array(z.string()) }),
          example: { names: ['daily/2026-11-21.html', 'daily/2026-11-21.json'] },
        },
      },
      refusals: { 404: 'no reports are kept here' },
      run: async ({ query: { before } }) => {
        const names = [...(await need().list('daily/'))].reverse()
        const shown = before === undefined ? names : names.filter((name) => name < before)
        return jsonAnswer({ names: shown.slice(0, namesMax) })
      },
    }),
    readRoute({
      method: 'get',
      path: '/api/reports/file',
      room: 'reports',
      action: 'report',
      summary: 'Download one report',
      role: 'viewer',
      query: z.strictObject({
        name: z.string().regex(/^daily\/[\w-]+\.(html|json)$/, 'is no name of a report'),
      }),
      replies: { 200: { what: 'the file, as an attachment', contentType: 'text/html' } },
      refusals: { 404: 'no such report' },
      run: async ({ query: { name } }) => {
        const bytes = await need().get(name)
        if (!bytes)
          throw new Refusal(404, `there is no report '${name}'`, 'list them with GET /api/reports')
        const [file = ''] = name.split('/').slice(-1)
        return {
          status: 200,
          body: new Uint8Array(bytes),
          headers: {
            'Content-Type':
              contentTypes[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
            'Content-Disposition': `attachment; filename="${file}"`,
            'Cache-Control': 'no-store',
          },
        }
      },
    }),
  ]
}
