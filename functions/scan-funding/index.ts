import { openPortsFromEnvironment } from '../environment.ts'
import { serveFunction } from '../serve.ts'
import { scanFunding } from './handler.ts'

serveFunction('scan-funding', scanFunding, openPortsFromEnvironment)
