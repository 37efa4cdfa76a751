export type BucketSpec = {
  readonly what: string
  /** Objects older than this many days are deleted; `null` keeps them for good. */
  readonly retentionDays: number | null
  /** Objects older than this many days move to a colder, cheaper class. */
  readonly coldAfterDays: number | null
  /** Overwritten objects stay recoverable. */
  readonly isVersioned: boolean
}

const declared = {
  state: {
    what: 'lease of the executor, its guard state, promotions',
    retentionDays: null,
    coldAfterDays: null,
    isVersioned: true,
  },
  tapes: {
    what: 'recorded markets and runs',
    retentionDays: null,
    coldAfterDays: 30,
    isVersioned: false,
  },
  models: {
    what: 'models with their cards, and the data sets they were trained on',
    retentionDays: null,
    coldAfterDays: null,
    isVersioned: true,
  },
  staging: {
    what: 'scratch space of training jobs',
    retentionDays: 14,
    coldAfterDays: null,
    isVersioned: false,
  },
  reports: { what: 'daily pages', retentionDays: null, coldAfterDays: 90, isVersioned: false },
  source: {
    what: 'zips of the functions, named by hash; a deployed function or a release to go back to may name an old one',
    retentionDays: null,
    coldAfterDays: null,
    isVersioned: false,
  },
} as const satisfies Record<string, BucketSpec>

export type BucketName = keyof typeof declared

/** On one machine each is a folder of the blob folder. */
export const buckets: Readonly<Record<BucketName, BucketSpec>> = declared
