import type { BucketName } from '../manifest/bucket.ts'

/**
 * A subscription of a topic, by its reader: a service, a function that is pushed to, `warehouse` for rows that the
 * platform stores by itself, or `keep` for dead letters that wait for a person.
 */
export const subscriptionName = (topic: string, reader: string): string => `${topic}-${reader}`

/** Readers of a topic that are no program of ours. */
export const warehouseReader = 'warehouse'
export const deadLetterReader = 'keep'

/** A message that failed this often goes to the topic `dead-letters`. The platform takes 5 to 100. */
export const deliveryAttemptsMax = 5

/** A message whose receiver has not answered by then is delivered again. */
export const ackDeadlineSeconds = 30

/** Bucket names are shared by the whole world, so each carries a prefix of ours. */
export const bucketName = (prefix: string, bucket: BucketName): string => `${prefix}-${bucket}`

/** The dataset of the tables; the dataset without `_raw` holds views that show every row once. */
export const rawDataset = (dataset: string): string => `${dataset}_raw`
