import {
  decimalText,
  durationText,
  moneyText,
  percentText,
  signedMoneyText,
  signedPercentText,
} from './format.ts'
import type { LookAheadVerdict } from './look-ahead.ts'

/** What only the caller knows about a run. */
export type GatesInput = {
  /** Funding was missing for a perpetual and a person said to go on without it. */
  readonly isFundingWaived: boolean
  /** Absent: the detector was not run. */
  readonly lookAhead?: LookAheadVerdict
  /** Probability of backtest overfitting of the sweep this run was chosen from. */
  readonly pbo?: number
}

/** What a gate looks at; `undefined` figures are ones that the run does not define. */
export type GateFacts = GatesInput & {
  readonly syntheticSources: readonly string[]
  readonly accountingProblems: readonly string[]
  /** Currency that money is named in. */
  readonly quoteUnit: string
  readonly liquidations: number
  readonly liquidationLossQuote: number
  readonly endEquityQuote: number
  readonly totalPnlQuote: number
  readonly alphaQuote: number
  readonly rebateQuote: number
  readonly roundTrips: number
  readonly trialCount: number
  /** Undefined with too few returns or none that vary. */
  readonly sharpePerPeriod: number | undefined
  readonly deflatedSharpe: number | undefined
  readonly trackRecordPoints: number
  readonly minTrackRecordPoints: number | undefined
  readonly periodSeconds: number
  readonly returnRatio: number
  readonly benchmarks: readonly {
    readonly name: string
    readonly returnRatio: number | undefined
  }[]
}

export type GateName =
  | 'accounting'
  | 'synthetic-source'
  | 'look-ahead'
  | 'liquidation'
  | 'funding'
  | 'deflated-sharpe'
  | 'overfitting'
  | 'track-record'
  | 'rebate'
  | 'round-trips'
  | 'benchmark'

/** One question a result must answer before anyone believes it. */
export type Gate = {
  readonly name: GateName
  /** `unknown`: it cannot be judged, which is no pass; `not-applicable`: the question does not arise. */
  readonly verdict: 'failed' | 'unknown' | 'passed' | 'not-applicable'
  /** One plain sentence that stands alone. */
  readonly sentence: string
}

/** Round trips below which win rates and profit factors are anecdotes. */
const roundTripsMin = 30
/** Deflated Sharpe ratio that a result must reach. */
const deflatedSharpeMin = 0.95
/** Probability of overfitting above which the choice among trials did harm. */
const pboMax = 0.5

type Answer = readonly [Gate['verdict'], string]

/** Judges a result; failed gates first, then those that could not be judged. */
export function judgeGates(facts: GateFacts): readonly Gate[] {
  const gates = Object.entries(judges).map(([name, judge]) => {
    const [verdict, sentence] = judge(facts)
    return { name: name as GateName, verdict, sentence }
  })
  const order = ['failed', 'unknown', 'passed', 'not-applicable']
  return gates.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
}

const judges: Readonly<Record<GateName, (facts: GateFacts) => Answer>> = {
  accounting: ({ accountingProblems }) =>
    accountingProblems.length > 0
      ? ['failed', `The figures contradict each other: ${accountingProblems.join('; ')}.`]
      : ['passed', 'P&L parts, fees, traded notional and equity agree with each other.'],

  'synthetic-source': ({ syntheticSources }) =>
    syntheticSources.length > 0
      ? [
          'failed',
          `The market was invented (${syntheticSources.join(', ')}), so the result says nothing about a real one.`,
        ]
      : ['passed', 'All prices come from recorded markets.'],

  'look-ahead': ({ lookAhead }) => {
    if (!lookAhead) return ['failed', 'The look-ahead detector was not run.']
    if (lookAhead.verdict === 'caught')
      return [
        'failed',
        `Look-ahead: with the future cut off at event ${lookAhead.cutIndex} the decision at event ${lookAhead.index} changes, so it used what it could not know.`,
      ]
    if (lookAhead.verdict === 'nothing-decided')
      return ['unknown', 'The look-ahead detector found no decision to compare.']
    return [
      'passed',
      `No look-ahead found: ${lookAhead.decisions} decisions stayed the same with the future cut off at ${lookAhead.cuts} points.`,
    ]
  },

  liquidation: ({ liquidations, liquidationLossQuote, endEquityQuote, quoteUnit }) => {
    if (endEquityQuote <= 0) return ['failed', 'The account was ruined: it ended without equity.']
    return liquidations > 0
      ? [
          'failed',
          `The venue liquidated positions ${liquidations} ${liquidations === 1 ? 'time' : 'times'}, which cost ${moneyText(liquidationLossQuote)} ${quoteUnit}.`,
        ]
      : ['passed', 'No position was liquidated.']
  },

  funding: ({ isFundingWaived }) =>
    isFundingWaived
      ? [
          'failed',
          'Funding is missing and was waived, so what longs and shorts paid is not counted.',
        ]
      : ['passed', 'Funding was not waived.'],

  'deflated-sharpe': ({ deflatedSharpe, trialCount }) => {
    const of = trialCount === 1 ? 'one trial' : `${trialCount} trials`
    if (deflatedSharpe === undefined)
      return [
        'unknown',
        `The deflated Sharpe ratio over ${of} is not defined: too few returns, no variation, or no Sharpe ratios of the trials.`,
      ]
    const text = `The chance that the Sharpe ratio beats luck over ${of} is ${percentText(deflatedSharpe, 1)}`
    return deflatedSharpe < deflatedSharpeMin
      ? ['failed', `${text}, less than ${percentText(deflatedSharpeMin, 0)}.`]
      : ['passed', `${text}.`]
  },

  overfitting: ({ pbo, trialCount }) => {
    if (pbo === undefined)
      return trialCount === 1
        ? ['not-applicable', 'Nothing was chosen among trials, so there is no choice to overfit.']
        : ['unknown', `The probability of overfitting was not computed for ${trialCount} trials.`]
    const text = `The winner of one half of the past is below the median of the other half in ${percentText(pbo, 0)} of the splits`
    return pbo > pboMax
      ? ['failed', `${text}: choosing by this backtest does harm.`]
      : ['passed', `${text}.`]
  },

  'track-record': ({ minTrackRecordPoints: needed, trackRecordPoints, ...facts }) => {
    if (facts.sharpePerPeriod === undefined)
      return ['failed', 'The record is too short, or nothing in it varies, so it shows no skill.']
    if (needed === undefined)
      return [
        'failed',
        'The Sharpe ratio is not above zero, so no length of record would show skill.',
      ]
    const length = (points: number) => durationText(points * facts.periodSeconds)
    return trackRecordPoints < needed
      ? [
          'failed',
          `The record is ${length(trackRecordPoints)} long; ${length(needed)} are needed to tell this Sharpe ratio from zero at 95 %.`,
        ]
      : [
          'passed',
          `The record of ${length(trackRecordPoints)} is longer than the ${length(needed)} that are needed at 95 %.`,
        ]
  },

  rebate: ({ totalPnlQuote, alphaQuote, rebateQuote, quoteUnit }) => {
    if (rebateQuote === 0) return ['not-applicable', 'No maker rebate was received.']
    return totalPnlQuote > 0 && alphaQuote <= 0
      ? [
          'failed',
          `It earns only by the maker rebate: ${signedMoneyText(totalPnlQuote)} with it, ${signedMoneyText(alphaQuote)} ${quoteUnit} without.`,
        ]
      : [
          'passed',
          `Without the maker rebate the result is ${signedMoneyText(alphaQuote)} ${quoteUnit}.`,
        ]
  },

  'round-trips': ({ roundTrips }) =>
    roundTrips < roundTripsMin
      ? [
          'failed',
          `Only ${roundTrips} round trips, fewer than ${roundTripsMin}: too few to judge by.`,
        ]
      : ['passed', `${decimalText(roundTrips, 0)} round trips.`],

  benchmark: ({ benchmarks, returnRatio }) => {
    const known = benchmarks.flatMap(({ name, returnRatio: other }) =>
      other === undefined ? [] : [{ name, other }],
    )
    const better = known.filter(({ other }) => other > returnRatio)
    const list = (rows: typeof known) =>
      rows.map(({ name, other }) => `${name} ${signedPercentText(other)}`).join(', ')
    if (known.length === 0) return ['unknown', 'There is no benchmark to compare with.']
    return better.length > 0
      ? [
          'failed',
          `It returned ${signedPercentText(returnRatio)}; doing nothing clever did better: ${list(better)}.`,
        ]
      : ['passed', `It returned ${signedPercentText(returnRatio)}; benchmarks: ${list(known)}.`]
  },
}
