import type { Tone } from './format.ts'

/** The element with this id of the page's own markup. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const node = document.getElementById(id)
  if (!node) throw new Error(`the page has no element #${id}`)
  return node as T
}

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

/** Writes only what changed, so that a still page costs nothing and a selection survives. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setClass(node: HTMLElement, className: string): void {
  if (node.className !== className) node.className = className
}

export type Cell = {
  readonly text: string
  readonly tone?: Tone
  readonly title?: string
  /** Shown on demand below the text. */
  readonly more?: string
}

export type Column<T> = {
  readonly header: string
  /** Numbers are set to the right. */
  readonly isNumber?: boolean
  readonly read: (row: T) => Cell
}

export type TableSpec<T> = {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  /** Name of the strategy, put on the row for tests and styles. */
  readonly strategyOf?: (row: T) => string
  /** Said instead of a table without rows. */
  readonly emptyText: string
}

export type LiveTable<T> = { update(rows: readonly T[]): void }

/** A table that keeps the row of a key while its cells change. */
export function createTable<T>(root: HTMLElement, spec: TableSpec<T>): LiveTable<T> {
  const table = create('table')
  table.append(create('caption', 'sr', spec.caption))
  const head = table.createTHead().insertRow()
  for (const { header, isNumber } of spec.columns) {
    const cell = create('th', isNumber ? 'num' : '', header)
    cell.scope = 'col'
    head.append(cell)
  }
  const body = table.createTBody()
  const empty = create('p', 'empty', spec.emptyText)
  root.replaceChildren(table, empty)
  table.hidden = true

  const rowByKey = new Map<string, HTMLTableRowElement>()
  const makeRow = (row: T) => {
    const node = create('tr')
    if (spec.strategyOf) node.dataset.strategy = spec.strategyOf(row)
    for (const _ of spec.columns) node.insertCell()
    return node
  }
  return {
    update: (rows) => {
      table.hidden = rows.length === 0
      empty.hidden = rows.length > 0
      const seen = new Set<string>()
      let place = body.firstElementChild
      for (const row of rows) {
        const key = spec.keyOf(row)
        if (seen.has(key)) continue
        seen.add(key)
        const node = rowByKey.get(key) ?? makeRow(row)
        rowByKey.set(key, node)
        spec.columns.forEach((column, index) => {
          writeCell(node.cells[index]!, column.read(row), column.isNumber === true)
        })
        if (node === place) place = node.nextElementSibling
        else body.insertBefore(node, place)
      }
      for (const [key, node] of rowByKey) {
        if (seen.has(key)) continue
        node.remove()
        rowByKey.delete(key)
      }
    },
  }
}

function writeCell(node: HTMLTableCellElement, cell: Cell, isNumber: boolean): void {
  setClass(node, `${isNumber ? 'num ' : ''}${cell.tone ?? 'plain'}`)
  if (cell.title !== undefined && node.title !== cell.title) node.title = cell.title
  if (cell.more === undefined) return setText(node, cell.text)
  if (node.dataset.more === cell.more) return
  node.dataset.more = cell.more
  const details = create('details')
  details.append(create('summary', '', cell.text), create('pre', '', cell.more))
  node.replaceChildren(details)
}
