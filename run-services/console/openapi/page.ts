import { html, raw } from 'hono/html'
import type { ApiRoute } from '../api/route.ts'
import { type ApiDocument, commonRefusals } from './document.ts'

type Rendered = ReturnType<typeof html>

/** The shapes of a document this page reads; everything else in it is left to other tools. */
type Operation = {
  readonly operationId: string
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly parameters?: readonly Parameter[]
  readonly responses: Readonly<
    Record<string, { description: string; content?: Record<string, Media> }>
  >
}
type Media = { readonly schema?: Schema; readonly example?: unknown }
type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}
type Schema = {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

const rooms: Readonly<Record<ApiRoute['room'], string>> = {
  watch: 'Watch',
  trading: 'Trading',
  functions: 'Functions',
  models: 'Models',
  reports: 'Reports',
  audit: 'Audit',
}

/** The API for people: one page, no script, nothing from elsewhere. */
export async function docsPage(
  document: ApiDocument,
  routes: readonly ApiRoute[],
): Promise<string> {
  const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="dark light" />
    <title>AsterAI operator API</title>
    <link rel="stylesheet" href="/docs/style.css" />
  </head>
  <body>
    <header>
      <h1>AsterAI operator API</h1>
      <p>${document.info.description}</p>
      <p class="links"><a href="/">Console</a><a href="/openapi.json">openapi.json</a></p>
      ${contents(routes)}
    </header>
    <main>
      ${Object.entries(rooms).map(([room, title]) => roomSection(document, routes, room, title))}
      ${commonSection()}
    </main>
  </body>
</html> `
  return String(await page)
}

const contents = (routes: readonly ApiRoute[]): Rendered => html`<nav aria-label="Routes">
  ${routes.map(
    ({ action, method, path }) =>
      html`<a href="#${action}"><b>${method.toUpperCase()}</b> ${path}</a> `,
  )}
</nav>`

const roomSection = (
  document: ApiDocument,
  routes: readonly ApiRoute[],
  room: string,
  title: string,
): Rendered => html`<section>
  <h2>${title}</h2>
  ${routes.filter((route) => route.room === room).map((route) => article(document, route))}
</section>`

function article(document: ApiDocument, route: ApiRoute): Rendered {
  const operation = document.paths?.[route.path]?.[route.method] as unknown as Operation
  const body = operation.requestBody?.content['application/json']
  return html`<article id="${route.action}">
    <h3><b class="${route.method}">${route.method.toUpperCase()}</b> <code>${route.path}</code></h3>
    <p class="marks">
      <span class="role">${route.role}</span>
      ${route.isOpenHere ? html`<span>no token on one machine</span>` : ''}
      ${route.kind === 'change' ? html`<span class="audited">audited before it is done</span>` : ''}
    </p>
    <p><strong>${route.summary}.</strong> ${prose(route.description ?? '')}</p>
    ${fields('Parameters', operation.parameters?.map(parameterField) ?? [])}
    ${fields('Body', bodyFields(body?.schema))}
    ${body?.example === undefined ? '' : example(body.example)}
    <h4>Replies</h4>
    <dl>${ownReplies(route, operation)}</dl>
  </article>`
}

type Field = { readonly name: string; readonly kind: string; readonly note: string }

const fields = (title: string, list: readonly Field[]): Rendered | string =>
  list.length === 0
    ? ''
    : html`<h4>${title}</h4>
        <div class="scroll">
          <table>
            ${list.map(
              ({ name, kind, note }) =>
                html`<tr><td><code>${name}</code></td><td>${kind}</td><td>${note}</td></tr>`,
            )}
          </table>
        </div>`

const parameterField = (parameter: Parameter): Field => ({
  name: parameter.name,
  kind: kindOf(parameter.schema),
  note: [parameter.in, parameter.required ? 'required' : 'optional', parameter.description ?? '']
    .filter((word) => word !== '')
    .join(', '),
})

const bodyFields = (schema: Schema | undefined): readonly Field[] =>
  Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    kind: kindOf(property),
    note: schema?.required?.includes(name) ? 'required' : 'optional',
  }))

function kindOf(schema: Schema | undefined): string {
  if (!schema) return 'any'
  if (schema.enum) return schema.enum.map(String).join(' | ')
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(' | ')
  const { type, maxLength, minimum, maximum, exclusiveMinimum } = schema
  const bounds = [
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    minimum === undefined ? '' : `from ${minimum}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`,
  ].filter((text) => text !== '')
  return [String(type ?? 'any'), ...bounds].join(', ')
}

/** One line where it fits, as people write it. */
function example(value: unknown): Rendered {
  const line = JSON.stringify(value)
  return html`<pre>${line.length <= 90 ? line : JSON.stringify(value, undefined, 2)}</pre>`
}

/** Words between backticks are code. */
const prose = (text: string): readonly (string | Rendered)[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))

const ownReplies = (route: ApiRoute, { responses }: Operation): readonly Rendered[] =>
  Object.entries(responses)
    .filter(([status]) => isOwn(route, status))
    .map(([status, { description, content }]) => {
      const shown = Object.values(content ?? {})[0]?.example
      return html`<dt>${status}</dt>
        <dd>${description}${shown === undefined ? '' : example(shown)}</dd>`
    })

const isOwn = ({ refusals }: ApiRoute, status: string): boolean =>
  !Object.hasOwn(commonRefusals, status) || Object.hasOwn(refusals ?? {}, status)

const commonSection = (): Rendered => html`<section>
  <h2>What every route may answer</h2>
  <dl>
    ${Object.entries(commonRefusals).map(
      ([status, what]) => html`<dt>${status}</dt><dd>${what}</dd>`,
    )}
  </dl>
  <p>
    A refusal is ${raw('<code>{ error, remedy, code? }</code>')}. Every reply has an
    <code>X-Request-Id</code>, yours if you sent one of 8 to 64 letters, digits, <code>._-</code>.
    Programs that come through IAP send <code>X-Requested-With: asterai-console</code> with a POST.
  </p>
  <pre>curl "$CONSOLE/api/commands" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"command":"kill","reason":"drill"}'</pre>
</section>`

/** Served beside the page, for its policy allows no style of its own. */
export const docsStyle = `:root {
  --ground: #0a0d11; --panel: #0f1419; --line: #1e262f; --text: #d3dbe3; --muted: #8b98a5;
  --get: #5aa2e0; --post: #e3b341; --good: #2ebd85;
  color-scheme: dark light;
  font: 15px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: light) {
  :root {
    --ground: #f6f8fa; --panel: #fff; --line: #d5dce3; --text: #1b232b; --muted: #55616d;
    --get: #1a66b3; --post: #8a5a00; --good: #14794f;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 900px; padding: 24px 16px 64px; background: var(--ground); color: var(--text); }
h1 { font-size: 24px; margin: 0; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: 12px; margin: 14px 0 4px; color: var(--muted); text-transform: uppercase; letter-spacing: .06em; }
p { margin: 8px 0; }
a { color: var(--get); }
code, pre { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: 8px 10px; margin: 6px 0; overflow-x: auto; }
nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 2px 16px; font-size: 13px; }
nav a { color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { text-decoration: underline; }
nav b { color: var(--muted); font-weight: 600; display: inline-block; width: 42px; }
article { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 14px 16px; margin: 12px 0; }
article:target { border-color: var(--get); }
b.get { color: var(--get); }
b.post { color: var(--post); }
.links { display: flex; gap: 16px; }
.marks { display: flex; flex-wrap: wrap; gap: 6px; font-size: 12px; color: var(--muted); }
.marks span { border: 1px solid var(--line); border-radius: 10px; padding: 0 8px; }
.marks .role { color: var(--good); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td { border-top: 1px solid var(--line); padding: 4px 12px 4px 0; vertical-align: top; }
dl { display: grid; grid-template-columns: 44px minmax(0, 1fr); gap: 4px 8px; margin: 4px 0; }
dt { color: var(--muted); font-variant-numeric: tabular-nums; }
dd { margin: 0; }
`
