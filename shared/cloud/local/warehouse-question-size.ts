/** What a question becomes once its names stand for what they name. */
export type QuestionSize = {
  /** Parts of the parse tree, each as often as it is planned. */
  readonly parts: number
  /** Expressions, joins and queries within each other. */
  readonly depth: number
}

type Scope = {
  /** Named queries of WITH. */
  readonly queries: Map<string, QuestionSize>
  /** Columns of the same SELECT that later ones may use. */
  readonly aliases: Map<string, QuestionSize>
}

type Part = {
  readonly type?: unknown
  readonly alias?: unknown
  readonly table_name?: unknown
  readonly column_names?: unknown
  readonly cte_map?: { readonly map?: readonly { readonly key: string; readonly value: unknown }[] }
  readonly select_list?: readonly Part[]
}

const nothing: QuestionSize = { parts: 0, depth: 0 }
const nowhere: Scope = { queries: new Map(), aliases: new Map() }

/**
 * Size of a query as the planner sees it: it plans a query of WITH anew wherever it is named, and so the columns that a
 * later one of the same SELECT names; thirty that each name the one before it twice are 2^30 parts.
 *
 * @param tree - what `json_serialize_sql` makes of it; a depth of some hundred would end the stack
 */
export const sizeQuestion = (tree: unknown): QuestionSize => sizeOf(tree, nowhere)

function sizeOf(node: unknown, scope: Scope): QuestionSize {
  if (typeof node !== 'object' || node === null) return nothing
  if (Array.isArray(node)) return together(node.map((item) => sizeOf(item, scope)))
  const part = node as Part
  const { cte_map: named, select_list: columns, ...others } = part
  const sizes: QuestionSize[] = []
  const queries = named ? new Map(scope.queries) : scope.queries
  for (const { key, value } of named?.map ?? []) {
    const size = sizeOf(value, { queries, aliases: new Map() })
    queries.set(nameOf(key), size)
    sizes.push(size)
  }

  const aliases = columns ? new Map<string, QuestionSize>() : scope.aliases
  const inside: Scope = { queries, aliases }
  for (const column of columns ?? []) {
    const size = sizeOf(column, inside)
    if (column.alias) aliases.set(nameOf(column.alias), size)
    sizes.push(size)
  }
  const within = together([
    ...sizes,
    ...Object.values(others).map((value) => sizeOf(value, inside)),
    meantBy(part, scope),
  ])
  const own = Number(typeof part.type === 'string')
  return { parts: within.parts + own, depth: within.depth + own }
}

function meantBy(
  { type, table_name: table, column_names: path }: Part,
  scope: Scope,
): QuestionSize {
  // A query behind another one costs its own time, not that of its depth.
  if (type === 'BASE_TABLE')
    return { ...nothing, parts: scope.queries.get(nameOf(table))?.parts ?? 0 }
  if (type === 'COLUMN_REF' && Array.isArray(path))
    return scope.aliases.get(nameOf(path.at(-1))) ?? nothing
  return nothing
}

const together = (sizes: readonly QuestionSize[]): QuestionSize => {
  let { parts, depth } = nothing
  for (const size of sizes) {
    parts += size.parts
    depth = Math.max(depth, size.depth)
  }
  return { parts, depth }
}

/** SQL tells no upper from lower case. */
const nameOf = (name: unknown): string => String(name).toLowerCase()
