import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('reconcile-account', logics['reconcile-account'], openPortsFromEnvironment)
