import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('promote-model', logics['promote-model'], openPortsFromEnvironment)
