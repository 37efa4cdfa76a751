import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('scan-funding', logics['scan-funding'], openPortsFromEnvironment)
