/** `violet policy`: checks policy files before they are published, and replays past closures under a draft. */
import { readFileSync, statSync } from 'node:fs'
import type { Replay } from '../closure/replay.ts'
import { replayUnder } from '../closure/replay-store.ts'
import { replayToWire } from '../closure/replay-view.ts'
import { systemClock } from '../platform/clock.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'
import { completeDocument, lint, type Linted } from '../policy/lint.ts'
import { type Finding, placesIn } from '../policy/places.ts'
import type { Policy } from '../policy/policy.ts'
import { publishPolicy } from '../policy/publish-store.ts'
import { sayIn } from '../policy/words/catalogs.ts'
import { withDatabase } from './with-database.ts'

const bytesMax = 1_000_000

type Write = (text: string) => void
export type Streams = { out: Write; err: Write }

const streams: Streams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
}

/** 0: every file can be published; 2: one has errors, or can't be read. */
export function policyLintCommand(
  files: readonly string[],
  { json }: { json: boolean },
  { out, err }: Streams = streams,
): number {
  const today = systemClock.now().toZonedDateTimeISO('UTC').toPlainDate()
  const results = files.map((file) => ({ file, ...lintFile(file, today) }))
  if (json) out(`${JSON.stringify({ files: results })}\n`)
  else {
    for (const { file, country, errors, warnings } of results) {
      for (const error of errors) err(`${lineOf(file, 'error', error)}\n`)
      for (const warning of warnings) out(`${lineOf(file, 'warning', warning)}\n`)
      if (errors.length === 0)
        out(`${file}: ${country}: no errors, ${warnings.length} warnings; have it reviewed.\n`)
    }
  }
  return results.every(({ errors }) => errors.length === 0) ? 0 : 2
}

const lineOf = (file: string, kind: string, { path, message }: Finding) =>
  `${file}: ${kind}: ${path}: ${message}`

function lintFile(file: string, today: Temporal.PlainDate): Linted {
  const read = readJson(file)
  if ('problem' in read) {
    const path = 'the file'
    return { country: null, errors: [{ path, message: read.problem }], warnings: [] }
  }
  const linted = lint(read.document, today)
  return { ...linted, errors: [...read.twice, ...linted.errors] }
}

/** `twice`: names of which `JSON.parse` kept the last one in silence. */
type Read = { document: unknown; twice: Finding[] } | { problem: string }

function readJson(file: string): Read {
  let bytes: Buffer
  try {
    const { size } = statSync(file)
    if (size > bytesMax) return { problem: `is larger than ${bytesMax} bytes` }
    bytes = readFileSync(file)
  } catch (error) {
    return { problem: `can’t be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}` }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const document: unknown = JSON.parse(text)
    const message = sayIn('en')('twice')
    return { document, twice: placesIn(text).twice.map(({ path }) => ({ path, message })) }
  } catch (error) {
    return { problem: `is no JSON in UTF-8: ${(error as Error).message}` }
  }
}

/** 0: replayed; 2: the draft has errors. Nothing is written. */
export async function policySimulateCommand(
  databaseUrl: string,
  draft: Policy,
  { of, json }: { of: string; json: boolean },
  { out }: Streams = streams,
): Promise<number> {
  const replay = await withDatabase(databaseUrl, (db) => replayUnder(db, draft, of))
  out(json ? `${JSON.stringify(replayToWire(replay, of))}\n` : reportOf(replay, of))
  return 0
}

/** 0: published, or it is as the newest version already. */
export async function policyPublishCommand(
  databaseUrl: string,
  draft: Policy,
  { dryRun, json }: { dryRun: boolean; json: boolean },
  { out }: Streams = streams,
): Promise<number> {
  const done = await withDatabase(databaseUrl, (db) =>
    publishPolicy({ db, ids: systemIds() }, draft, {
      now: systemClock.now(),
      actor: { kind: 'system', id: 'violet policy' },
      dryRun,
    }),
  )
  const { country, version, isNew, changed } = done
  if (json) out(`${JSON.stringify({ ...done, dryRun })}\n`)
  else if (changed.length === 0) out(`${country} ${version} says the same; nothing is published.\n`)
  else {
    for (const one of changed) out(`  ${one}\n`)
    out(`${isNew ? 'Published as' : 'Would be'} ${country} ${version}. Open cases keep theirs.\n`)
  }
  return 0
}

/** A draft that can be published, and the country whose closures are replayed. */
export function draftOf(file: string, country: string | undefined): { draft: Policy; of: string } {
  const read = readJson(file)
  if ('problem' in read) throw new CannotStart(`${file} ${read.problem}.`)
  const today = systemClock.now().toZonedDateTimeISO('UTC').toPlainDate()
  const errors = [...read.twice, ...lint(read.document, today).errors]
  if (errors.length > 0)
    throw new CannotStart(errors.map((error) => lineOf(file, 'error', error)).join('\n'))
  const draft = completeDocument(read.document)
  const of = country ?? draft.country
  if (!/^[A-Z]{2}$/.test(of))
    throw new CannotStart(`--of must be a country of two letters, not "${of}".`)
  return { draft, of }
}

function reportOf(replay: Replay, country: string): string {
  const { cases, reviews, ends, refundsBy, numbersFree, choicesGone } = replay
  if (cases === 0) return `No closure of ${country} was ever submitted.\n`
  const { hoursMean, refunds } = replayToWire(replay, country)
  const moved = ({ sooner, same, later }: Replay['ends']) =>
    `${sooner} sooner, ${same} at the same time, ${later} later`
  return [
    `${cases} closures of ${country}, as they were and under the draft; ${replay.differing} differ:`,
    `Reviews     ${reviews.before} -> ${reviews.draft}`,
    `Ends        ${moved(ends)}; ${hoursMean.before} h -> ${hoursMean.draft} h on average`,
    ...Object.entries(refunds).map(
      ([code, { before, draft }]) => `Refunds     ${before} -> ${draft} ${code}`,
    ),
    `Refunds by  ${moved(refundsBy)}`,
    `Numbers     ${moved(numbersFree)} free again`,
    `Choices     ${choicesGone} made a choice that the draft does not offer`,
    '',
  ].join('\n')
}
