import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('guard-liveness', logics['guard-liveness'], openPortsFromEnvironment)
