import { createDrive } from '#services/executor/drive.ts'
import type { Command } from '#shared/cloud/command-line/command.ts'
import { json } from '#shared/cloud/command-line/option.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { claimedBeside, tapeOfRun } from '#shared/cloud/local/run-folder.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { createTraderFromSpec, type TraderSpec } from '#shared/trading/engine/spec.ts'

export const replayCommand = {
  call: 'npm run replay',
  what: 'asterai replay - feeds a recorded run to the same trader and compares what it asks for',
  words: { value: 'RUN', what: 'folder of a run, its id, or a tape.arrow', least: 1, most: 1 },
  options: { json },
  examples: [
    'npm run replay -- run/20261121T120000-7',
    'npm run replay -- 20261121T120000-7 --json',
  ],
  exits: { 0: 'same intents', 1: 'other intents' },
} satisfies Command

export type Replay = {
  readonly events: number
  readonly intents: number
  readonly intentsHash: string
}

/**
 * Steps a fresh trader through everything a run received.
 *
 * @throws TradingError TAPE_MALFORMED when the tape was not written by an executor
 */
export async function replayTape(path: string): Promise<Replay> {
  const { header, events } = await openTape([path])
  const text = header.attributes.spec
  if (!text)
    throw new TradingError(
      'TAPE_MALFORMED',
      `${path} is no tape of a run: it holds market data only; replay needs run/<id>/tape.arrow`,
    )
  const state = createTraderFromSpec(JSON.parse(text) as TraderSpec, header.instruments)
  const drive = createDrive(
    state,
    () => {},
    () => {},
  )
  for await (const event of events) drive.receive(event)
  return { events: drive.eventCount, intents: drive.intentCount, intentsHash: drive.intentsHash() }
}

async function main(tape: string, { answer, say }: Voice): Promise<number> {
  const replay = await replayTape(tape)
  const recorded = claimedBeside(tape)
  const isSame = recorded === undefined ? null : recorded.intentsHash === replay.intentsHash
  say(
    `replayed ${replay.events} events: ${replay.intents} intents, fingerprint ${replay.intentsHash}`,
  )
  say(
    isSame === null
      ? 'the run left no summary to compare with (it did not end by itself)'
      : isSame
        ? 'same intents as the run'
        : `the run asked for something else: ${recorded?.intents} intents, fingerprint ${recorded?.intentsHash}`,
  )
  answer({ ...replay, isSame })
  return isSame === false ? 1 : 0
}

if (import.meta.main)
  await runProcess(
    carryOut(replayCommand, ({ words }, voice) => main(tapeOfRun(words[0] as string), voice)),
  )
