import { TradingError } from '../../kernel/error.ts'

/** Marks rows that have a value: bit set, least significant first, as Arrow wants it. */
class Validity {
  readonly bitmap: Uint8Array
  valueCount = 0

  constructor(rowsMax: number) {
    this.bitmap = new Uint8Array(Math.ceil(rowsMax / 8))
  }

  set(row: number): void {
    this.bitmap[row >> 3] = (this.bitmap[row >> 3] as number) | (1 << (row & 7))
    this.valueCount++
  }

  clear(): void {
    this.bitmap.fill(0)
    this.valueCount = 0
  }
}

/** Rows of 64-bit integers, written as two halves because a bigint per value would be an allocation. */
export class LongColumn extends Validity {
  readonly values: BigInt64Array
  readonly #halves: Int32Array

  constructor(rowsMax: number) {
    super(rowsMax)
    this.values = new BigInt64Array(rowsMax)
    this.#halves = new Int32Array(this.values.buffer)
  }

  /** @throws TradingError NUMBER_TOO_LARGE when `value` is not a safe integer */
  put(row: number, value: number): void {
    if (!Number.isSafeInteger(value))
      throw new TradingError(
        'NUMBER_TOO_LARGE',
        `${value} is not an integer a tape can keep exactly`,
      )
    const high = Math.floor(value / 4_294_967_296)
    this.#halves[2 * row] = value - high * 4_294_967_296
    this.#halves[2 * row + 1] = high
    this.set(row)
  }
}

export class IntColumn extends Validity {
  readonly values: Int32Array

  constructor(rowsMax: number) {
    super(rowsMax)
    this.values = new Int32Array(rowsMax)
  }

  put(row: number, value: number): void {
    this.values[row] = value
    this.set(row)
  }
}

export class DoubleColumn extends Validity {
  readonly values: Float64Array

  constructor(rowsMax: number) {
    super(rowsMax)
    this.values = new Float64Array(rowsMax)
  }

  put(row: number, value: number): void {
    this.values[row] = value
    this.set(row)
  }
}

/** Rows of variable length: list of 32-bit integers or text, end to end in one growing buffer. */
export class RunColumn<Items extends Int32Array | Uint8Array> extends Validity {
  readonly offsets: Int32Array
  items: Items
  readonly #make: (length: number) => Items
  #rows = 0

  constructor(rowsMax: number, make: (length: number) => Items) {
    super(rowsMax)
    this.offsets = new Int32Array(rowsMax + 1)
    this.items = make(16 * rowsMax)
    this.#make = make
  }

  /** Items used so far. */
  get used(): number {
    return this.offsets[this.#rows] as number
  }

  /** Every row needs an offset, so rows without a value are told as well. */
  skip(row: number): void {
    this.offsets[row + 1] = this.offsets[row] as number
    this.#rows = row + 1
  }

  put(row: number, source: Items, length: number): void {
    const from = this.offsets[row] as number
    const to = from + length
    if (to > this.items.length) {
      const grown = this.#make(2 * to)
      grown.set(this.items.subarray(0, from))
      this.items = grown
    }
    const { items } = this
    for (let i = 0; i < length; i++) items[from + i] = source[i] as number
    this.offsets[row + 1] = to
    this.#rows = row + 1
    this.set(row)
  }

  override clear(): void {
    super.clear()
    this.#rows = 0
  }
}
