/**
 * What a model says of itself, beside its weights: `models/<modelId>/card.json` and `models/<modelId>/model.onnx`.
 * Training writes it, the model server and the console read it.
 */
export type ModelCard = {
  readonly schemaVersion: 1
  /** Names the model for good: `<task>-<UTC time>-<short hash>`, letters, digits and dashes. */
  readonly modelId: string
  readonly task: 'direction'
  /** Of the feature list the model was trained on; it only scores rows of the same fingerprint. */
  readonly featureFingerprint: string
  readonly featureNames: readonly string[]
  /** Time ahead that is predicted. */
  readonly horizonSeconds: number
  /** A return within ± this many basis points is `flat`. */
  readonly flatBandBps: number
  readonly symbols: readonly string[]
  readonly trainedAt: string
  readonly trainedOn: 'cpu' | 'cuda'
  readonly seed: number
  readonly data: {
    readonly fingerprint: string
    /** True when the market was made up; such a model must not move real money. */
    readonly isInvented: boolean
    readonly sources: readonly string[]
    readonly rows: {
      readonly train: number
      readonly validation: number
      readonly test: number
    }
    /** Microseconds since 1970 UTC; the splits follow one another in time. */
    readonly spans: Readonly<
      Record<'train' | 'validation' | 'test', { readonly fromUs: number; readonly untilUs: number }>
    >
  }
  /** On the test rows, which are the last in time. */
  readonly test: {
    readonly accuracy: number
    /** Accuracy of always saying the class that was most frequent in training: what a model has to beat. */
    readonly majorityAccuracy: number
    readonly majorityClass: 'down' | 'flat' | 'up'
    /**
     * Accuracy of always saying the class that is most frequent in the test itself. Nobody could have known that class
     * beforehand, but a model that does not beat it may owe its lead over the majority to a market that changed.
     */
    readonly bestConstantAccuracy?: number
    readonly logLoss: number
    /** Log loss of always saying the class shares of training. */
    readonly baselineLogLoss: number
    /** Standard error of the accuracy with rows that overlap in time counted once. */
    readonly accuracyStandardError: number
    readonly effectiveRows: number
  }
  /** Largest difference between the trainer's own outputs and those of the exported file. */
  readonly exportErrorMax: number
  readonly parameters: number
}

/** A model's answer for one row; the three add up to 1. */
export type Probabilities = { readonly down: number; readonly flat: number; readonly up: number }
