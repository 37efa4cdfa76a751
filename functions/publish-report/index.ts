import { openPortsFromEnvironment } from '../environment.ts'
import { logics } from '../logic.ts'
import { serveFunction } from '../serve.ts'

serveFunction('publish-report', logics['publish-report'], openPortsFromEnvironment)
