import { z } from 'zod'

/** Symbols a call is about; those of the settings when absent. */
export const symbolsInput = z
  .array(z.string().regex(/^[A-Z0-9]{2,30}$/, 'wants upper-case letters and digits like BTCUSDT'))
  .min(1)
  .max(50)
  .optional()
