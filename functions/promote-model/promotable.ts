import { TradingError } from '#shared/kernel/error.ts'
import type { ModelCard } from '#shared/signal/model/card.ts'

/**
 * Whether a model may serve: it was trained on the features this program computes, and on rows it had not seen it is
 * right more often than always saying one class (the most frequent of training, or of those rows in hindsight), by more
 * than one standard error.
 *
 * @param despite - a person's reason to let one through that does not beat that baseline
 * @returns what whoever reads the promotion later must know
 * @throws TradingError MODEL_MISMATCH for other features, OPTION_INVALID for a model that is not better
 */
export function checkPromotable(
  card: ModelCard,
  by: { readonly programFingerprint: string; readonly despite: string | undefined },
): readonly string[] {
  if (card.featureFingerprint !== by.programFingerprint)
    throw new TradingError(
      'MODEL_MISMATCH',
      `model ${card.modelId} was trained on features ${card.featureFingerprint.slice(0, 12)}, this program computes ${by.programFingerprint.slice(0, 12)}; train it anew`,
    )
  const notes: string[] = []
  const { accuracy, majorityAccuracy, bestConstantAccuracy = 0, accuracyStandardError } = card.test
  const baseline = Math.max(majorityAccuracy, bestConstantAccuracy)
  if (accuracy - baseline <= accuracyStandardError) {
    const figures = `accuracy ${accuracy.toFixed(4)} against ${baseline.toFixed(4)} for always saying ${baseline > majorityAccuracy ? 'what was most frequent in hindsight' : card.test.majorityClass}, standard error ${accuracyStandardError.toFixed(4)}`
    if (by.despite === undefined)
      throw new TradingError(
        'OPTION_INVALID',
        `model ${card.modelId} does not beat the baseline: ${figures}; give a reason in 'despite' to promote it all the same`,
      )
    notes.push(`does not beat the baseline (${figures}), promoted despite that: ${by.despite}`)
  }
  if (card.data.isInvented) notes.push('trained on an invented market')
  return notes
}
