import { expect, test } from 'vitest'
import { accrueLegRisk, createLegRisk } from './leg-risk.ts'

const budget = { legs: [0, 1], unhedgedQuoteSecondsMax: 1_000 }
const at = (seconds: number, baseLegs: number[]) => ({
  baseLegs,
  toleranceBase: 0.001,
  markQuote: 100,
  nowUs: seconds * 1_000_000,
})

test('an open leg uses the budget with time and a matched one gives it back', () => {
  const risk = createLegRisk()
  expect(accrueLegRisk(risk, budget, at(1, [-1, 0]))).toBe(false)
  expect(accrueLegRisk(risk, budget, at(11, [-1, 0]))).toBe(false)
  expect(risk.quoteSeconds).toBe(1_000)
  expect(accrueLegRisk(risk, budget, at(12, [-1, 0]))).toBe(true)
  expect(accrueLegRisk(risk, budget, at(13, [-1, 1.0005]))).toBe(false)
  expect(risk.quoteSeconds).toBe(0)
})
