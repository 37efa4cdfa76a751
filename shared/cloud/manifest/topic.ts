import type { TableName } from './table.ts'

export type TopicSpec = {
  readonly what: string
  /** Messages are rows of this table; in the cloud a subscription of the warehouse stores them without code of ours. */
  readonly table?: TableName
  /** Messages of one sender arrive in the order they were sent. */
  readonly isOrdered?: true
  /** A reader that was away finds what was sent meanwhile: a kill must wait for an executor that comes back days later. */
  readonly outlivesOutage?: true
  /** Function that a push subscription calls for every message. */
  readonly pushTo?: string
  /** Published from outside: the platform itself sends here. */
  readonly isForeign?: true
}

const declared = {
  orders: { what: 'order states, from the executor', table: 'orders', isOrdered: true },
  fills: { what: 'fills, from the executor', table: 'fills', isOrdered: true },
  decisions: { what: 'decision log, from the executor', table: 'decisions' },
  funding: { what: 'funding payments, from the executor', table: 'funding_payments' },
  'equity-rows': { what: 'equity and P&L by strategy, from the executor', table: 'equity' },
  heartbeats: { what: 'signs of life, from the executor', table: 'heartbeats' },
  predictions: { what: 'shadow predictions, from the executor', table: 'predictions' },
  liquidations: { what: 'forced orders of others, from the collector', table: 'liquidations' },
  equity: { what: 'equity and positions for people to watch, from the executor', isOrdered: true },
  market: { what: 'book tops, trades and marks, thinned for people to watch' },
  status: { what: 'state of services, from each of them and the supervisor' },
  commands: { what: 'operator commands, to the executor', outlivesOutage: true },
  alerts: { what: 'what a person should hear about, from functions and services' },
  'budget-notices': {
    what: 'notices of the billing budget',
    pushTo: 'guard-spend',
    isForeign: true,
  },
  'dead-letters': { what: 'messages that no subscriber could take, kept for a person to look at' },
} as const satisfies Record<string, TopicSpec>

export type TopicName = keyof typeof declared

/** Every topic but `dead-letters` has a dead-letter policy on each of its subscriptions. */
export const topics: Readonly<Record<TopicName, TopicSpec>> = declared
