import type { ConsoleState } from '../state.ts'
import { byId, create, setClass, setText } from './dom.ts'
import { assetsOf, decimalsOf, numberText } from './format.ts'

const levelsShown = 12

/** Digits after the point of one symbol's prices and sizes; only ever grows, so columns do not jump. */
export type Precision = { price: number; size: number }

/** Learns the precision of a symbol from its book. */
export function precisionOf(
  state: ConsoleState,
  symbol: string,
  known: Map<string, Precision>,
): Precision {
  const precision = known.get(symbol) ?? { price: 0, size: 0 }
  known.set(symbol, precision)
  const { book, trades } = state.symbols[symbol] ?? { trades: [] }
  for (const [price, size] of [...(book?.bids ?? []), ...(book?.asks ?? [])]) {
    precision.price = Math.max(precision.price, decimalsOf(price))
    precision.size = Math.max(precision.size, decimalsOf(size))
  }
  // A position is known before its book is.
  for (const line of state.positions)
    if (line.symbol === symbol) precision.size = Math.max(precision.size, decimalsOf(line.size))
  const last = trades.at(-1)
  if (last) {
    precision.price = Math.max(precision.price, decimalsOf(last.price))
    precision.size = Math.max(precision.size, decimalsOf(last.size))
  }
  return precision
}

/** Draws the ladder of one symbol: asks above, bids below, best prices in the middle. */
export function createLadder(): (
  state: ConsoleState,
  symbol: string | undefined,
  precision: Precision,
) => void {
  const root = byId('book')
  const note = byId('book-note')
  const table = create('table', 'ladder')
  table.append(create('caption', 'sr', 'Order book, best twelve prices a side'))
  const head = table.createTHead().insertRow()
  const headers = ['Own', 'Price', 'Size', 'Sum'].map((text) => {
    const cell = create('th', 'num', text)
    cell.scope = 'col'
    head.append(cell)
    return cell
  })
  const asks = createSide(table, 'ask').reverse()
  const spread = table.createTBody().insertRow()
  spread.className = 'spread'
  const spreadCell = spread.insertCell()
  spreadCell.colSpan = 4
  const bids = createSide(table, 'bid')
  asks[0]!.cells[1]!.dataset.testid = 'book-best-ask'
  bids[0]!.cells[1]!.dataset.testid = 'book-best-bid'
  const empty = create('p', 'empty', 'no book yet')
  root.replaceChildren(table, empty)

  return (state, symbol, precision) => {
    const book = symbol === undefined ? undefined : state.symbols[symbol]?.book
    table.hidden = book === undefined
    empty.hidden = book !== undefined
    if (!book || symbol === undefined) return setText(note, '')
    const { base, quote } = assetsOf(symbol)
    setText(headers[1]!, `Price ${quote}`)
    setText(headers[2]!, `Size ${base}`)
    setText(headers[3]!, `Sum ${base}`)

    const own = ownSizes(state, symbol, precision)
    const shown = [...book.asks.slice(0, levelsShown), ...book.bids.slice(0, levelsShown)]
    const sizeMax = Math.max(...shown.map(([, size]) => size))
    drawSide(asks, book.asks, { own, precision, sizeMax, side: 'sell' })
    drawSide(bids, book.bids, { own, precision, sizeMax, side: 'buy' })
    setText(spreadCell, spreadText(book, quote, precision))
    setText(note, book.isLive ? '' : '▲ not live: quotes are pulled')
    setClass(root, book.isLive ? 'body' : 'body faded')
  }
}

function createSide(table: HTMLTableElement, side: 'ask' | 'bid'): HTMLTableRowElement[] {
  const body = table.createTBody()
  return Array.from({ length: levelsShown }, () => {
    const row = body.insertRow()
    row.className = side
    for (let column = 0; column < 4; column++) row.insertCell().className = 'num'
    return row
  })
}

type SideDrawing = {
  readonly own: ReadonlyMap<string, number>
  readonly precision: Precision
  readonly sizeMax: number
  readonly side: 'buy' | 'sell'
}

function drawSide(
  rows: readonly HTMLTableRowElement[],
  levels: readonly (readonly [number, number])[],
  { own, precision, sizeMax, side }: SideDrawing,
): void {
  let sum = 0
  rows.forEach((row, index) => {
    const level = levels[index]
    const [ownCell, priceCell, sizeCell, sumCell] = row.cells
    if (!level) {
      for (const cell of row.cells) setText(cell, '')
      row.style.setProperty('--depth', '0%')
      row.classList.remove('own')
      return
    }
    const [price, size] = level
    sum += size
    const priceText = numberText(price, precision.price)
    const ownSize = own.get(`${side} ${priceText}`)
    row.classList.toggle('own', ownSize !== undefined)
    const letter = side === 'buy' ? 'B' : 'S'
    setText(
      ownCell!,
      ownSize === undefined ? '' : `${letter} ${numberText(ownSize, precision.size)}`,
    )
    setText(priceCell!, priceText)
    setText(sizeCell!, numberText(size, precision.size))
    setText(sumCell!, numberText(sum, precision.size))
    row.style.setProperty('--depth', `${((size / sizeMax) * 100).toFixed(1)}%`)
  })
}

/** Working size of our own orders by side and price. */
function ownSizes(
  state: ConsoleState,
  symbol: string,
  precision: Precision,
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const order of Object.values(state.workingOrders)) {
    if (order.symbol !== symbol) continue
    const key = `${order.side} ${numberText(order.price, precision.price)}`
    sizes.set(key, (sizes.get(key) ?? 0) + order.size - order.filled_size)
  }
  return sizes
}

function spreadText(
  { bids, asks }: { bids: readonly (readonly [number, number])[]; asks: typeof bids },
  quote: string,
  precision: Precision,
): string {
  const bid = bids[0]?.[0]
  const ask = asks[0]?.[0]
  if (bid === undefined || ask === undefined)
    return bid === ask ? 'both sides are empty' : `no ${bid === undefined ? 'bids' : 'asks'}`
  const mid = (bid + ask) / 2
  const spreadBps = ((ask - bid) / mid) * 1e4
  const midText = numberText(mid, precision.price + 1)
  return `mid ${midText} · spread ${numberText(ask - bid, precision.price)} ${quote} · ${numberText(spreadBps, 2)} bps`
}
