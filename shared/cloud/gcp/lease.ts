import type { Lease } from '../port.ts'
import { type ObjectLeaseOptions, openObjectLease } from './object-lease.ts'
import { openStorageRegister, type StorageRegisterOptions } from './register.ts'

export type StorageLeaseOptions = StorageRegisterOptions & Omit<ObjectLeaseOptions, 'object'>

/**
 * Right to be the only writer, as an object of Cloud Storage.
 *
 * @throws TradingError PLATFORM_UNREACHABLE from every call when it is unknown what became of it: call again
 */
export const openStorageLease = (options: StorageLeaseOptions): Lease =>
  openObjectLease({ ...options, object: openStorageRegister(options) })
