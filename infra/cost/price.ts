/** One line of the price list, in US dollars. */
export type Price = {
  readonly usd: number
  readonly per: string
  /** False: an older figure or one that no page of the day confirmed; it is marked in every table. */
  readonly isConfirmed: boolean
}

/** The day the list was put together. List prices of the cheaper region tier; Tokyo and Singapore cost 10 to 30 % more. */
export const priceDate = '2026-11-21'

export const prices = {
  serviceCpu: { usd: 0.000018, per: 'vCPU second', isConfirmed: true },
  serviceMemory: { usd: 0.000002, per: 'GiB second', isConfirmed: false },
  poolCpu: { usd: 0.000011244, per: 'vCPU second', isConfirmed: false },
  poolMemory: { usd: 0.000001235, per: 'GiB second', isConfirmed: false },
  functionCpu: { usd: 0.000024, per: 'vCPU second', isConfirmed: false },
  functionMemory: { usd: 0.0000025, per: 'GiB second', isConfirmed: false },
  functionCall: { usd: 0.0000004, per: 'call', isConfirmed: false },
  l4: { usd: 0.67, per: 'GPU hour', isConfirmed: true },
  trainingL4Spot: { usd: 0.35, per: 'hour of g2-standard-8, spot', isConfirmed: false },
  natEndpoint: { usd: 0.0014, per: 'instance hour', isConfirmed: true },
  natAddress: { usd: 0.005, per: 'address hour', isConfirmed: true },
  natTraffic: { usd: 0.045, per: 'GiB', isConfirmed: true },
  publish: { usd: 40 / 1024, per: 'GiB', isConfirmed: true },
  warehouseSubscription: { usd: 50 / 1024, per: 'GiB', isConfirmed: true },
  warehouseStorage: { usd: 0.02, per: 'GiB month', isConfirmed: false },
  query: { usd: 6.25, per: 'TiB', isConfirmed: false },
  blobStorage: { usd: 0.02, per: 'GiB month', isConfirmed: false },
  blobWrite: { usd: 0.005, per: 'thousand writes', isConfirmed: false },
  imageStorage: { usd: 0.1, per: 'GiB month', isConfirmed: false },
  schedule: { usd: 0.1, per: 'job month', isConfirmed: false },
  secretVersion: { usd: 0.06, per: 'version month', isConfirmed: false },
  metricSamples: { usd: 0.06, per: 'million samples', isConfirmed: false },
} as const satisfies Record<string, Price>

export type PriceName = keyof typeof prices
