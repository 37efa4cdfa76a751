/** Books of all variants, in ticks and lots: whole numbers, so sums do not depend on their order. */
export type VariantAccounts = {
  readonly inventoryLots: Float64Array
  /** Received minus paid, in ticks × lots, before fees. */
  readonly cashTickLots: Float64Array
  readonly notionalTickLots: Float64Array
  readonly volumeLots: Float64Array
  readonly fills: Int32Array
  /** Σ of (mid − price) × signed lots at the fill, in half ticks × lots: what the spread earned. */
  readonly spreadHalfTickLots: Float64Array
  readonly orders: Int32Array
}

export const createAccounts = (variantCount: number): VariantAccounts => ({
  inventoryLots: new Float64Array(variantCount),
  cashTickLots: new Float64Array(variantCount),
  notionalTickLots: new Float64Array(variantCount),
  volumeLots: new Float64Array(variantCount),
  fills: new Int32Array(variantCount),
  spreadHalfTickLots: new Float64Array(variantCount),
  orders: new Int32Array(variantCount),
})

/** Fills of one variant in columns. */
export type FillColumns = {
  /** By the exchange's clock. */
  readonly timeUs: number[]
  readonly side: ('buy' | 'sell')[]
  readonly priceTicks: number[]
  readonly sizeLots: number[]
  /** Best bid plus best ask at the exchange, after what caused the fill; undefined where one was missing. */
  readonly midHalfTicks: (number | undefined)[]
}

export const createFillColumns = (): FillColumns => ({
  timeUs: [],
  side: [],
  priceTicks: [],
  sizeLots: [],
  midHalfTicks: [],
})
