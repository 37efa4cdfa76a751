import * as pulumi from '@pulumi/pulumi'
import { readConfig } from './config.ts'
import { buildSystem } from './program.ts'

/** Entry of `pulumi preview` and `pulumi up`: reads the stack's settings and declares everything. */
export const {
  project,
  region,
  dataset,
  release,
  functionsZip,
  sourceBucket,
  executorAddress,
  ingestionAddress,
  images,
  consoleUrl,
  functionUrls,
  deployer,
  runbook,
} = buildSystem(readConfig(pulumi.getStack(), pulumi.runtime.allConfig()))
