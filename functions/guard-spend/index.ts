import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('guard-spend', logics['guard-spend'], openPortsFromEnvironment)
