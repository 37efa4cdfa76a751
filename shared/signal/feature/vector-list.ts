import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** One input of the models. All are free of scale: another price, lot or coin gives comparable numbers. */
export type VectorFeature = {
  readonly name: string
  readonly unit: 'bps' | 'bps/√s' | 'ratio' | 'ln(1/s)' | '1/bps'
  readonly what: string
}

/** Raise it when a formula below changes while names and units stay: old models then refuse the new numbers. */
const definitionVersion = 1

/** Order is position in the vector. */
export const vectorFeatures = [
  { name: 'spread_bps', unit: 'bps', what: 'best ask − best bid, of the mid' },
  { name: 'spread_ratio_60s', unit: 'ratio', what: 'spread / its time average over 60 s' },
  { name: 'queue_imbalance', unit: 'ratio', what: '(bid − ask) / (bid + ask) at the best prices' },
  { name: 'depth_imbalance_5', unit: 'ratio', what: 'the same over five levels a side' },
  { name: 'best_depth_share', unit: 'ratio', what: 'sizes at the best prices / five levels' },
  { name: 'weighted_mid_offset_bps', unit: 'bps', what: 'size-weighted mid − mid' },
  { name: 'return_1s_bps', unit: 'bps', what: 'change of the mid over 1 s' },
  { name: 'return_5s_bps', unit: 'bps', what: 'change of the mid over 5 s' },
  { name: 'return_30s_bps', unit: 'bps', what: 'change of the mid over 30 s' },
  { name: 'mid_deviation_60s_bps', unit: 'bps', what: 'mid − its time average over 60 s' },
  { name: 'volatility_10s', unit: 'bps/√s', what: 'of the mid in steps of 0.5 s, over 10 s' },
  { name: 'volatility_60s', unit: 'bps/√s', what: 'the same over 60 s' },
  { name: 'volatility_600s', unit: 'bps/√s', what: 'the same over up to 600 s' },
  {
    name: 'order_flow_1s',
    unit: 'ratio',
    what: 'order flow imbalance of 1 s / its size over 60 s',
  },
  { name: 'order_flow_5s', unit: 'ratio', what: 'the same of 5 s' },
  { name: 'order_flow_30s', unit: 'ratio', what: 'the same of 30 s' },
  { name: 'trade_flow_1s', unit: 'ratio', what: '(bought − sold) of 1 s / traded over 60 s' },
  { name: 'trade_flow_5s', unit: 'ratio', what: 'the same of 5 s' },
  { name: 'trade_flow_30s', unit: 'ratio', what: 'the same of 30 s' },
  { name: 'trade_rate_ratio_5s', unit: 'ratio', what: 'trades per second: of 5 s / of 60 s' },
  { name: 'fill_intensity', unit: 'ln(1/s)', what: 'ln A of the fill intensity A·exp(−kδ)' },
  { name: 'fill_decay_per_bps', unit: '1/bps', what: 'k of the same' },
] as const satisfies readonly VectorFeature[]

export const vectorWidth = vectorFeatures.length

/** Names what the numbers of a vector mean; a model scores only vectors of the fingerprint it was trained on. */
export const featureFingerprint: string = bytesToHex(
  sha256(
    utf8ToBytes(
      JSON.stringify({
        version: definitionVersion,
        features: vectorFeatures.map(({ name, unit }) => [name, unit]),
      }),
    ),
  ),
)
