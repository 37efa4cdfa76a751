import { recordStack } from './record.fixture.ts'
import { stackConformance } from './stack.conformance.ts'

stackConformance('prod', await recordStack('prod'))
