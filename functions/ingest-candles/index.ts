import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('ingest-candles', logics['ingest-candles'], openPortsFromEnvironment)
