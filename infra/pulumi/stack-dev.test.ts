import { recordStack } from './record.fixture.ts'
import { stackConformance } from './stack.conformance.ts'

stackConformance('dev', await recordStack('dev'))
