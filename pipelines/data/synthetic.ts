/** Key in a tape's attributes and a Parquet file's metadata that says, when `true`, that nobody traded this. */
export const syntheticKey = 'synthetic'
