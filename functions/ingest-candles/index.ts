import { openPortsFromEnvironment } from '../environment.ts'
import { serveFunction } from '../serve.ts'
import { ingestCandles } from './handler.ts'

serveFunction('ingest-candles', ingestCandles, openPortsFromEnvironment)
