import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Lease } from '../port.ts'

export type FileLeaseOptions = {
  /** Folder of this one lease; made when absent. */
  readonly folder: string
  /** Wall time; processes that share the folder share the machine and thereby its clock. */
  readonly clock: Clock
  readonly timeToLiveUs?: number
}

/** What generation `n` says of itself, in the file named `n`. */
type Claim = { readonly holder: string; readonly renewedAtUs: number; readonly isReleased: boolean }

/**
 * Right to be the only writer, as numbered files in a folder: the highest number is the holder in office.
 *
 * Taking office is creating the next number, which the file system grants to one of many. A holder that renews
 * writes first and looks for a successor afterwards; a successor creates first and looks for a late renewal
 * afterwards: when the two race at least one sees the other and gives up, so never do both believe they hold it.
 */
export function openFileLease({
  folder,
  clock,
  timeToLiveUs = 15 * microsPerSecond,
}: FileLeaseOptions): Lease {
  let own: { generation: number; holder: string; renewedAtUs: number } | undefined

  const requireOwn = () => {
    if (!own)
      throw new TradingError('LEASE_LOST', `no lease is held in ${folder}; acquire it first`)
    return own
  }
  const lose = (why: string): never => {
    own = undefined
    throw new TradingError(
      'LEASE_LOST',
      `lease in ${folder} was lost: ${why}; restart this process`,
    )
  }

  return {
    async acquire(holder) {
      await mkdir(folder, { recursive: true })
      const before = await latestGeneration(folder)
      const claimBefore = before === 0 ? undefined : await readClaim(folder, before)
      if (claimBefore) refuseIfHeld(folder, claimBefore, clock.nowUs(), timeToLiveUs)

      const generation = before + 1
      const renewedAtUs = clock.nowUs()
      if (!(await createClaim(folder, generation, { holder, renewedAtUs, isReleased: false })))
        throw held(folder, 'another process that was faster')

      const claimNow = before === 0 ? undefined : await readClaim(folder, before)
      const isLatest = (await latestGeneration(folder)) === generation
      if (!isLatest || claimNow?.renewedAtUs !== claimBefore?.renewedAtUs) {
        await replaceClaim(folder, generation, { holder, renewedAtUs, isReleased: true })
        throw held(folder, claimNow?.holder ?? 'a newer generation')
      }
      own = { generation, holder, renewedAtUs }
      await removeOlder(folder, before)
      return generation
    },

    async renew() {
      const { generation, holder, renewedAtUs } = requireOwn()
      const nowUs = clock.nowUs()
      if (nowUs - renewedAtUs >= timeToLiveUs) lose('it was not renewed in time')
      if ((await latestGeneration(folder)) !== generation) lose('somebody else holds it')
      await replaceClaim(folder, generation, { holder, renewedAtUs: nowUs, isReleased: false })
      if ((await latestGeneration(folder)) !== generation) lose('somebody else holds it')
      own = { generation, holder, renewedAtUs: nowUs }
    },

    async release() {
      const { generation, holder, renewedAtUs } = requireOwn()
      own = undefined
      if ((await latestGeneration(folder)) !== generation) return
      await replaceClaim(folder, generation, { holder, renewedAtUs, isReleased: true })
    },
  }
}

function refuseIfHeld(folder: string, claim: Claim, nowUs: number, timeToLiveUs: number): void {
  const lapsesInUs = claim.renewedAtUs + timeToLiveUs - nowUs
  if (claim.isReleased || lapsesInUs <= 0) return
  const seconds = Math.ceil(lapsesInUs / microsPerSecond)
  throw held(folder, `${claim.holder}, lapses in ${seconds} s unless renewed`)
}

const held = (folder: string, by: string): TradingError =>
  new TradingError(
    'LEASE_HELD',
    `lease in ${folder} is held by ${by}; stop the other process or wait`,
    { folder },
  )

const fileOf = (folder: string, generation: number): string => join(folder, `${generation}.json`)

/** @returns 0 when there never was a holder */
async function latestGeneration(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) =>
    Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0),
  )
  return Math.max(0, ...numbers)
}

/** @returns undefined when a successor has already tidied the file away */
async function readClaim(folder: string, generation: number): Promise<Claim | undefined> {
  let text: string
  try {
    text = await readFile(fileOf(folder, generation), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const claim = parseClaim(text)
  if (!claim)
    throw new TradingError(
      'STATE_CORRUPT',
      `${fileOf(folder, generation)} is not a lease; make sure no trader runs, then delete the folder's newest file`,
    )
  return claim
}

function parseClaim(text: string): Claim | undefined {
  try {
    const { holder, renewedAtUs, isReleased } = JSON.parse(text)
    const isClaim =
      typeof holder === 'string' &&
      Number.isSafeInteger(renewedAtUs) &&
      typeof isReleased === 'boolean'
    return isClaim ? { holder, renewedAtUs, isReleased } : undefined
  } catch {
    return undefined
  }
}

/** @returns false when the generation exists already. A link, unlike an exclusive open, appears with its content. */
async function createClaim(folder: string, generation: number, claim: Claim): Promise<boolean> {
  const part = await writePart(folder, claim)
  try {
    await link(part, fileOf(folder, generation))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(part, { force: true })
  }
}

async function replaceClaim(folder: string, generation: number, claim: Claim): Promise<void> {
  await rename(await writePart(folder, claim), fileOf(folder, generation))
}

async function writePart(folder: string, claim: Claim): Promise<string> {
  const part = join(folder, `.part-${randomUUID()}`)
  const file = await open(part, 'wx')
  try {
    await file.writeFile(`${JSON.stringify(claim)}\n`)
    // A generation that was handed out must survive a power cut: order ids carry it.
    await file.sync()
  } finally {
    await file.close()
  }
  return part
}

/** Keeps the predecessor: a late renewal of it has to be seen. */
async function removeOlder(folder: string, generation: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const number = Number(/^(\d+)\.json$/.exec(name)?.[1] ?? generation)
    if (number < generation) await rm(join(folder, name), { force: true })
  }
}
