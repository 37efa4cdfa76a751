import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { agreementMax, checkAgreement, readGolden, scoreRows } from './agreement.ts'

const folder = join(import.meta.dirname, 'tests', 'golden')
const model = readFileSync(join(folder, 'model.onnx'))
const golden = () => readGolden(join(folder, 'golden.json'))

describe('the serving runtime', () => {
  it('says what PyTorch says, on ordinary rows and far out', async () => {
    expect(golden().features).toHaveLength(18)
    expect(await checkAgreement(model, golden())).toBeLessThanOrEqual(agreementMax)
  })

  it('gives one row the answer it gives it among others', async () => {
    const { features } = golden()
    const together = await scoreRows(model, features)
    for (const [index, row] of features.entries()) {
      const [alone] = await scoreRows(model, [row])
      for (const [at, probability] of alone!.entries())
        expect(probability).toBeCloseTo(together[index]![at]!, 6)
      expect(alone!.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 5)
    }
  })

  it('is refused when it says something else', async () => {
    const changed = golden()
    changed.probabilities[3]![1] += 2 * agreementMax
    await expect(checkAgreement(model, changed)).rejects.toMatchObject({ code: 'MODEL_BROKEN' })
    const other = golden()
    other.features[0]![1]! += 40
    await expect(checkAgreement(model, other)).rejects.toMatchObject({ code: 'MODEL_BROKEN' })
  })
})
