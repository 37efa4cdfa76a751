import type { FunctionName } from '#shared/cloud/manifest/function.ts'
import type { FunctionLogic } from './function-call.ts'

/**
 * Where the logic of each function is; loading one loads no other. The names are those of the manifest, both ways.
 */
export const logics: Readonly<Record<FunctionName, () => Promise<FunctionLogic>>> = {
  'ingest-candles': async () => (await import('./ingest-candles/handler.ts')).ingestCandles,
  'ingest-market': async () => (await import('./ingest-market/handler.ts')).ingestMarket,
  'scan-funding': async () => (await import('./scan-funding/handler.ts')).scanFunding,
  'check-data': async () => (await import('./check-data/handler.ts')).checkMarketRows,
  'reconcile-account': async () =>
    (await import('./reconcile-account/handler.ts')).reconcileAccount,
  'guard-liveness': async () => (await import('./guard-liveness/handler.ts')).guardLiveness,
  'guard-spend': async () => (await import('./guard-spend/handler.ts')).guardSpend,
  'start-training': async () => (await import('./start-training/handler.ts')).startTraining,
  'promote-model': async () => (await import('./promote-model/handler.ts')).promoteModel,
  'publish-report': async () => (await import('./publish-report/handler.ts')).publishReport,
}
