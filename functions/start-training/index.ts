import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('start-training', logics['start-training'], openPortsFromEnvironment)
