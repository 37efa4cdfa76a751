import { TradingError } from '#shared/kernel/error.ts'

/**
 * Makes sure that a text is one reading statement: SELECT or WITH, and nothing behind it.
 *
 * In GoogleSQL a statement that begins so cannot change a table. The identity that asks has no right to write either;
 * this only makes the refusal the same everywhere, at once and free of charge.
 *
 * @returns the statement without the semicolon at its end
 * @throws TradingError QUERY_INVALID
 */
export function readingStatement(sql: string): string {
  const bare = withoutTexts(sql)
  const verb = /^[\s(]*([a-z]*)/i.exec(bare)?.[1]?.toUpperCase() ?? ''
  if (verb !== 'SELECT' && verb !== 'WITH')
    throw invalid(
      sql,
      verb === ''
        ? 'the query is empty'
        : `only queries are answered: begin with SELECT or WITH, not ${verb}`,
    )
  const semicolon = bare.search(/;/)
  if (semicolon >= 0 && bare.slice(semicolon + 1).trim() !== '')
    throw invalid(sql, "one statement at a time: remove what follows ';'")
  return semicolon < 0 ? sql : sql.slice(0, semicolon)
}

const invalid = (sql: string, message: string): TradingError =>
  new TradingError('QUERY_INVALID', message, { sql })

/** Comments, texts and quoted names, each as blanks of the same length. An open end reaches to the end of the text. */
const withoutTexts = (sql: string): string =>
  sql.replace(
    /--[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[rb]{0,2}("""|'''|"|'|`)(?:\\[\s\S]|(?!\1)[\s\S])*?(?:\1|$)/gi,
    (text) => ' '.repeat(text.length),
  )
