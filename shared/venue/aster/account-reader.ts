import { TradingError } from '#shared/kernel/error.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import {
  type Execution,
  type Income,
  type PositionState,
  readIncome,
  readPositions,
  readUserTrades,
  readWalletE8,
} from './codec/account.ts'
import { type OrderState, readOpenOrders, readOrder } from './codec/order.ts'
import { endpoints } from './endpoint.ts'
import type { Rest } from './rest.ts'

/** The account's own lists, page by page. Every call throws TradingError as {@link Rest.read} does. */
export type AccountReader = {
  wallet(): Promise<bigint>
  /** Positions that are not flat, by symbol. */
  positions(): Promise<ReadonlyMap<string, PositionState>>
  openOrders(instrument: Instrument): Promise<readonly OrderState[]>
  /** Executions with ids of at least `fromId`, oldest first; without it, the last seven days. */
  trades(instrument: Instrument, fromId: number | undefined): Promise<readonly Execution[]>
  /** Bookings since `startMs`, oldest first, each once. */
  income(startMs: number, incomeType?: string): Promise<readonly Income[]>
  /** @returns undefined when the venue does not know the order */
  order(
    instrument: Instrument,
    by: { readonly clientOrderId: string } | { readonly venueOrderId: string },
  ): Promise<OrderState | undefined>
}

const pageRows = 1_000
const pagesMax = 1_000

/** @param asset - wallet asset the account is kept in */
export function createAccountReader(rest: Rest, asset: string): AccountReader {
  return {
    wallet: async () => readWalletE8(await rest.read(endpoints.balance, []), asset),

    positions: async () => {
      const rows = readPositions(await rest.read(endpoints.positionRisk, []))
      return new Map(rows.filter((row) => /[1-9]/.test(row.amount)).map((row) => [row.symbol, row]))
    },

    openOrders: async (instrument) =>
      readOpenOrders(
        await rest.read(endpoints.openOrders, [['symbol', instrument.symbol]]),
        instrument,
      ),

    trades: async (instrument, fromId) => {
      const trades: Execution[] = []
      let next = fromId
      for (let page = 0; page < pagesMax; page++) {
        const from = next === undefined ? [] : [['fromId', String(next)] as const]
        const body = await rest.read(endpoints.userTrades, [
          ['symbol', instrument.symbol],
          ...from,
          ['limit', String(pageRows)],
        ])
        const rows = [...readUserTrades(body, instrument)].sort((a, b) => a.tradeId - b.tradeId)
        trades.push(...rows)
        const last = rows.at(-1)
        if (!last || rows.length < pageRows) return trades
        next = last.tradeId + 1
      }
      throw tooManyPages('userTrades')
    },

    income: async (startMs, incomeType) => {
      const rows: Income[] = []
      const seen = new Set<string>()
      let fromMs = startMs
      for (let page = 0; page < pagesMax; page++) {
        const type = incomeType === undefined ? [] : [['incomeType', incomeType] as const]
        const body = await rest.read(endpoints.income, [
          ...type,
          ['startTime', String(fromMs)],
          ['limit', String(pageRows)],
        ])
        const read = readIncome(body)
        const fresh = read.filter((row) => !seen.has(incomeKey(row)))
        for (const row of fresh) seen.add(incomeKey(row))
        rows.push(...fresh)
        if (read.length < pageRows) return rows
        // Pages begin at a time, not at a row: a whole page within one millisecond cannot be passed.
        if (fresh.length === 0) throw tooManyPages('income')
        fromMs = Math.max(...read.map((row) => row.timeMs))
      }
      throw tooManyPages('income')
    },

    order: async (instrument, by) => {
      const name =
        'clientOrderId' in by
          ? (['origClientOrderId', by.clientOrderId] as const)
          : (['orderId', by.venueOrderId] as const)
      try {
        const body = await rest.read(endpoints.queryOrder, [['symbol', instrument.symbol], name])
        return readOrder(body, instrument)
      } catch (error) {
        if (error instanceof TradingError && error.details.code === orderUnknownCode)
          return undefined
        throw error
      }
    },
  }
}

const orderUnknownCode = -2013

/** Ids are unique per kind of income only. */
export const incomeKey = ({ incomeType, symbol, transactionId }: Income): string =>
  `${incomeType}:${symbol}:${transactionId}`

const tooManyPages = (what: string) =>
  new TradingError(
    'WIRE_SHAPE_UNKNOWN',
    `${what}: the list does not end after ${pagesMax} pages; read a shorter time`,
  )
