import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('ingest-market', logics['ingest-market'], openPortsFromEnvironment)
