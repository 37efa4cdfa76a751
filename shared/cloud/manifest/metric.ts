export type MetricSpec = {
  readonly what: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** UCUM, as OpenTelemetry wants it: `ms`, `s`, `1`, `{row}`, `USDT`. */
  readonly unit: string
  readonly attributes?: readonly string[]
}

const declared = {
  'asterai.order.latency': {
    what: 'from sending an order or cancel to the venue to its answer',
    kind: 'histogram',
    unit: 'ms',
    attributes: ['operation'],
  },
  'asterai.order.outcomes': {
    what: 'what became of orders and cancels that were sent',
    kind: 'counter',
    unit: '{order}',
    attributes: ['operation', 'outcome'],
  },
  'asterai.order.refusals': {
    what: 'orders the risk review refused',
    kind: 'counter',
    unit: '{order}',
    attributes: ['strategy', 'reason'],
  },
  'asterai.order.working': { what: 'orders that rest now', kind: 'gauge', unit: '{order}' },
  'asterai.fills': {
    what: 'fills',
    kind: 'counter',
    unit: '{fill}',
    attributes: ['strategy', 'liquidity'],
  },
  'asterai.stream.age': {
    what: 'time since the last message of a stream, or since listening began; the executor tells its quietest one',
    kind: 'gauge',
    unit: 's',
    attributes: ['stream'],
  },
  'asterai.stream.messages': {
    what: 'messages the collector read',
    kind: 'counter',
    unit: '{message}',
    attributes: ['stream'],
  },
  'asterai.stream.gaps': {
    what: 'breaks in the sequence of a depth stream that the collector saw',
    kind: 'counter',
    unit: '{gap}',
    attributes: ['stream'],
  },
  'asterai.stream.resyncs': {
    what: 'snapshots that made a lost book whole again',
    kind: 'counter',
    unit: '{snapshot}',
    attributes: ['stream'],
  },
  'asterai.stream.reconnects': {
    what: 'market connections that were lost and opened again',
    kind: 'counter',
    unit: '{connection}',
  },
  'asterai.tape.bytes': {
    what: 'bytes written to tape',
    kind: 'counter',
    unit: 'By',
    attributes: ['writer'],
  },
  'asterai.lease.held': { what: '1 while this process is the writer', kind: 'gauge', unit: '1' },
  'asterai.lease.epoch': { what: 'generation of the lease', kind: 'gauge', unit: '1' },
  'asterai.trading.killed': { what: '1 after a kill', kind: 'gauge', unit: '1' },
  'asterai.account.equity': { what: 'equity', kind: 'gauge', unit: 'USDT' },
  'asterai.strategy.pnl': {
    what: 'profit and loss since the start of the run',
    kind: 'gauge',
    unit: 'USDT',
    attributes: ['strategy'],
  },
  'asterai.strategy.weight': {
    what: 'share of capital a strategy was given',
    kind: 'gauge',
    unit: '1',
    attributes: ['strategy'],
  },
  'asterai.model.age': {
    what: 'time since the serving model was trained',
    kind: 'gauge',
    unit: 's',
    attributes: ['model'],
  },
  'asterai.prediction.age': {
    what: 'time since the newest shadow prediction',
    kind: 'gauge',
    unit: 's',
    attributes: ['symbol'],
  },
  'asterai.prediction.latency': {
    what: 'from asking the model server to its answer',
    kind: 'histogram',
    unit: 'ms',
  },
  'asterai.inference.batch': { what: 'rows of one call', kind: 'histogram', unit: '{row}' },
  'asterai.inference.latency': { what: 'time in the model', kind: 'histogram', unit: 'ms' },
  'asterai.function.duration': {
    what: 'time of one call of a function',
    kind: 'histogram',
    unit: 'ms',
    attributes: ['function', 'status'],
  },
  'asterai.warehouse.waiting': {
    what: 'rows that wait to be written',
    kind: 'gauge',
    unit: '{row}',
  },
  'asterai.api.calls': {
    what: 'calls of the operator API',
    kind: 'counter',
    unit: '{call}',
    attributes: ['action', 'status'],
  },
} as const satisfies Record<string, MetricSpec>

export type MetricName = keyof typeof declared

/** The same names on one machine (`/metrics`) and in the cloud. */
export const metrics: Readonly<Record<MetricName, MetricSpec>> = declared
