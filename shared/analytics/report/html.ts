/** Markup that is safe to put into a page as it is. */
export type Html = { readonly html: string }

type Part = Html | string | number | undefined | false | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as text: nothing in it becomes markup, within elements and within quoted attributes. */
const escapeText = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign]!)

/** Markup from a template. Every value is escaped unless it is {@link Html} itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + render(parts[index])).join('') }
}

/** Script, style or a value that was made safe before. */
export const trusted = (text: string): Html => ({ html: text })

/** JSON that no `</script>` or `<!--` inside a string can end. */
export const embeddedJson = (value: unknown): Html =>
  trusted(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/\u2028|\u2029/g, ' '),
  )

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (Array.isArray(part)) return part.map(render).join('')
  if (typeof part === 'object') return (part as Html).html
  return escapeText(String(part))
}
