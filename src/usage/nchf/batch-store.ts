/** Online charging by natural micro-batches: the next batch fills while one commits, and nobody is answered before. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineState } from '../../lines/line.ts'
import { loadLines, loadLinesOfImsis } from '../charging-store.ts'
import type { Tools as CommitTools } from '../commit-store.ts'
import type { Charge, ChargedLine } from '../intake.ts'
import type { Purse } from '../purse.ts'
import { microsecondsOf } from '../record.ts'
import { chargedBefore, commitAtOnce, commitWhole } from './commit-store.ts'
import { linesNamed, type Named, nameOf } from './identity-store.ts'
import { changeOf, lineAfter, type OnlineChange } from './line-change.ts'
import { type NchfProblem, problem } from './problem.ts'
import { type QuotaTerms, quotaTerms } from './quota.ts'
import { type Ref, sessionIdOf } from './ref.ts'
import { keepUncharged } from './reject-store.ts'
import { type Asked, atHome, type Identity } from './request.ts'
import { openCount, openMax, readSessions, type Sessions } from './session-text.ts'
import { decide } from './session.ts'
import type { Answer, Decision, Operation, Session, Unrated } from './state.ts'
import { chargedAnswer, isCharged, type Outcome, refusal, refusedUses } from './uncharged.ts'

export type Taken = { readonly ref: Ref; readonly answer: Answer }
export type Charger = {
  create(asked: Asked): Promise<Taken | NchfProblem>
  update(ref: Ref, asked: Asked): Promise<Taken | NchfProblem>
  release(ref: Ref, asked: Asked): Promise<Taken | NchfProblem>
}

export type Tools = CommitTools & { log: { error(detail: object, text: string): void } }

type Job = {
  readonly operation: Operation
  readonly ref: Ref
  readonly asked: Asked
  done(outcome: Taken | NchfProblem): void
  tries: number
}

/** A line as this process knows it; true as long as its version is the database's. */
type Entry = { line: ChargedLine; sessions: Sessions; isFresh: boolean }

type Work = {
  line: ChargedLine
  isFresh: boolean
  purse: Purse
  sessions: Map<string, Session>
  charges: Charge[]
  outOfData: boolean
  isChanged: boolean
}

export type ChargerOptions = {
  batchMax?: number
  batchesMax?: number
  queueMax?: number
  linesKnownMax?: number
  terms?: QuotaTerms
}

const triesMax = 30

export function openCharger(tools: Tools, options: ChargerOptions = {}): Charger {
  const { batchMax = 256, batchesMax = 2, queueMax = 20_000, linesKnownMax = 50_000 } = options
  const terms = options.terms ?? quotaTerms
  const known = new Map<string, Entry>()
  const busy = new Set<string>()
  const queue: Job[] = []
  let running = 0
  let asked = false

  // After this turn of the loop: all that arrived together goes together.
  const pump = () => {
    if (asked) return
    asked = true
    setImmediate(() => {
      asked = false
      while (running < batchesMax) {
        const jobs = nextBatch(queue, busy, batchMax)
        if (jobs.length === 0) return
        void start(jobs)
      }
    })
  }

  const start = async (jobs: Job[]) => {
    const lines = new Set(jobs.map(({ ref }) => ref.lineId))
    running += 1
    for (const lineId of lines) busy.add(lineId)
    const again = await runBatch(tools, terms, known, jobs)
    running -= 1
    for (const lineId of lines) busy.delete(lineId)
    queue.unshift(...again)
    forgetOldest(known, linesKnownMax)
    if (queue.length > 0) pump()
  }

  const enqueue = (operation: Operation, ref: Ref, said: Asked) =>
    new Promise<Taken | NchfProblem>((done) => {
      if (queue.length >= queueMax) return done(problem('NF_CONGESTION'))
      queue.push({ operation, ref, asked: said, done, tries: 0 })
      pump()
    })

  const named = gathering((identities: readonly Identity[]) => linesNamed(tools.db, identities))
  const ofImsi = gathering((imsis: readonly string[]) => loadLinesOfImsis(tools.db, imsis))
  const lineOf = async ({ kind, value }: Identity): Promise<Named | undefined> => {
    if (kind === 'msisdn') return named(nameOf({ kind, value }), { kind, value })
    const line = await ofImsi(value, value)
    // What this process wrote itself is newer.
    if (line && !known.has(line.lineId) && !busy.has(line.lineId))
      known.set(line.lineId, entryOf(line))
    return line && { subscriberId: line.subscriberId, lineId: line.lineId, imsi: value }
  }
  return {
    async create(said) {
      const { identity } = said
      const line = identity && (await lineOf(identity))
      if (!line) return refuseUnknown(tools, said)
      const { subscriberId, lineId, imsi } = line
      const sessionId = sessionIdOf(lineId, said.contentHash)
      return enqueue('create', { subscriberId, lineId, sessionId }, atHome(said, imsi))
    },
    update: (ref, said) => enqueue('update', ref, said),
    release: (ref, said) => enqueue('release', ref, said),
  }
}

/** Whoever it was, what was used is kept. */
async function refuseUnknown(tools: Tools, asked: Asked): Promise<NchfProblem> {
  const sessionId = sessionIdOf(asked.identity ? nameOf(asked.identity) : '', asked.contentHash)
  const told = { sessionId, line: undefined, operation: 'create' as const, asked }
  const answer = problem('USER_UNKNOWN')
  await keepUncharged(tools, told, refusedUses(asked, answer))
  return answer
}

/** Requests of lines that no running batch has; those of one line stay in their order. */
function nextBatch(queue: Job[], busy: ReadonlySet<string>, max: number): Job[] {
  const jobs: Job[] = []
  const passed = new Set<string>()
  const left: Job[] = []
  for (const job of queue) {
    const { lineId } = job.ref
    const isAlone = job.tries > 1 || (jobs[0]?.tries ?? 0) > 1
    const fits = jobs.length < max && (!isAlone || jobs.every(({ ref }) => ref.lineId === lineId))
    if (fits && !busy.has(lineId) && !passed.has(lineId)) jobs.push(job)
    else {
      left.push(job)
      passed.add(lineId)
    }
  }
  queue.length = 0
  queue.push(...left)
  return jobs
}

/** Decides and commits; gives back the requests that have to be tried again. */
async function runBatch(
  tools: Tools,
  terms: QuotaTerms,
  known: Map<string, Entry>,
  jobs: Job[],
): Promise<Job[]> {
  const tries = Math.max(...jobs.map((job) => job.tries))
  if (tries > 3) await sleep(Math.random() * tries * 2)
  try {
    const works = await worksFor(tools, known, jobs)
    const nowUs = microsecondsOf(tools.clock.now())
    const { outcomes, again } = decideAll(works, jobs, nowUs, terms)
    const changes = [...works.values()].filter(({ isChanged }) => isChanged).map(changeOf)
    const { stale, charged } = await commit(tools, changes, terms)
    for (const change of changes) {
      if (stale.has(change.line.lineId)) continue
      const line = lineAfter(change)
      known.set(line.lineId, { line, sessions: change.sessions, isFresh: false })
    }
    for (const [job, { answer, unrated }] of outcomes) {
      if (stale.has(job.ref.lineId)) {
        if (isCharged(job, charged)) job.done({ ref: job.ref, answer: chargedAnswer(job, nowUs) })
        else again.push(job)
      } else if (unrated.length === 0) job.done(answer)
      else void keepAndAnswer(tools, job, answer, unrated)
    }
    return retried(tools, known, again)
  } catch (error) {
    tools.log.error({ err: error }, 'a batch of charging requests failed')
    return retried(tools, known, jobs)
  }
}

const isTelling = ({ told, capTold }: OnlineChange): boolean => told.length > 0 || capTold !== null

type Written = {
  /** Lines of which nothing was written, since one of those written with them stood in the way. */
  stale: ReadonlySet<string>
  /** Of their records, those that are charged already: their sessions had forgotten the request. */
  charged: ReadonlySet<string>
}

async function commit(
  tools: Tools,
  changes: readonly OnlineChange[],
  terms: QuotaTerms,
): Promise<Written> {
  const [telling, quiet] = [changes.filter(isTelling), changes.filter((one) => !isTelling(one))]
  const [first, second] = await Promise.all([
    quiet.length > 0 ? commitAtOnce(tools, quiet, terms) : 'committed',
    telling.length > 0 ? commitWhole(tools, telling, terms) : 'committed',
  ])
  const stale = [
    ...(first === 'committed' ? [] : quiet),
    ...(second === 'committed' ? [] : telling),
  ]
  const isTwice = first === 'twice' || second === 'twice'
  return {
    stale: new Set(stale.map(({ line }) => line.lineId)),
    charged: isTwice ? await chargedBefore(tools.db, recordsOf(stale)) : new Set(),
  }
}

const recordsOf = (changes: readonly OnlineChange[]) =>
  changes.flatMap(({ line: { subscriberId }, charges }) =>
    charges.map(({ record: { usageId } }) => ({ subscriberId, usageId })),
  )

/** What is not charged is kept before the network hears that it is not. */
async function keepAndAnswer(
  tools: Tools,
  { operation, ref, asked, done }: Job,
  answer: Taken | NchfProblem,
  unrated: readonly Unrated[],
) {
  try {
    const { sessionId } = ref
    await keepUncharged(tools, { sessionId, line: ref, operation, asked }, unrated)
    done(answer)
  } catch (error) {
    tools.log.error({ err: error }, 'a reject could not be kept')
    done(problem('SYSTEM_FAILURE'))
  }
}

// What is believed of their lines may be wrong: it is read anew.
function retried(tools: Tools, known: Map<string, Entry>, jobs: Job[]): Job[] {
  const again: Job[] = []
  for (const job of jobs) {
    known.delete(job.ref.lineId)
    job.tries += 1
    if (job.tries < triesMax) again.push(job)
    else {
      tools.log.error({ lineId: job.ref.lineId }, 'a charging request was tried too often')
      job.done(problem('SYSTEM_FAILURE'))
    }
  }
  return again
}

async function worksFor(tools: Tools, known: Map<string, Entry>, jobs: readonly Job[]) {
  const missing = new Map(
    jobs.filter(({ ref }) => !known.has(ref.lineId)).map(({ ref }) => [ref.lineId, ref]),
  )
  const lines = missing.size > 0 ? await loadLines(tools.db, [...missing.values()]) : new Map()
  const works = new Map<string, Work>()
  for (const { ref } of jobs) {
    if (works.has(ref.lineId)) continue
    const line: ChargedLine | undefined = lines.get(ref.lineId)
    const entry = known.get(ref.lineId) ?? (line && entryOf(line))
    if (!entry) continue
    works.set(ref.lineId, workOn(entry))
    entry.isFresh = false
  }
  return works
}

const entryOf = (line: ChargedLine): Entry => ({
  line,
  sessions: readSessions(line.sessions),
  isFresh: true,
})

const workOn = ({ line, sessions, isFresh }: Entry): Work => ({
  line,
  isFresh,
  purse: line.purse,
  sessions: new Map(sessions),
  charges: [],
  outOfData: false,
  isChanged: false,
})

type Decided = { outcomes: Map<Job, Outcome>; again: Job[] }

function decideAll(
  works: ReadonlyMap<string, Work>,
  jobs: readonly Job[],
  nowUs: number,
  terms: QuotaTerms,
): Decided {
  const outcomes: Decided['outcomes'] = new Map()
  const again: Job[] = []
  for (const job of jobs) {
    const { operation, ref, asked } = job
    const work = works.get(ref.lineId)
    if (!work || work.line.subscriberId !== ref.subscriberId) {
      outcomes.set(job, refusal('CONTEXT_NOT_FOUND', asked))
      continue
    }
    const { state, plan } = work.line
    const session = work.sessions.get(ref.sessionId)
    const step = { operation, sessionId: ref.sessionId, asked, nowUs, terms }
    const decision: Decision =
      operation === 'create' && !session && openCount(work.sessions) >= openMax
        ? { kind: 'refused', problem: problem('END_USER_REQUEST_REJECTED') }
        : decide(session, { state, plan, purse: work.purse }, step)
    // A "no" commits nothing that would notice that the line has changed, so it must not rest on memory.
    if (decision.kind === 'refused' && !work.isFresh) {
      again.push(job)
      continue
    }
    if (decision.kind === 'taken') take(work, job, decision)
    outcomes.set(job, outcomeOf(ref, asked, decision, state))
  }
  return { outcomes, again }
}

function outcomeOf(ref: Ref, asked: Asked, decision: Decision, state: LineState): Outcome {
  if (decision.kind === 'refused') return refusal(decision.problem.cause, asked, state)
  if (decision.kind === 'repeated') return { answer: { ref, answer: decision.answer }, unrated: [] }
  return { answer: { ref, answer: decision.session.answer }, unrated: decision.unrated }
}

type TakenDecision = Extract<Decision, { kind: 'taken' }>

function take(work: Work, { ref, asked }: Job, { session, charges, purse }: TakenDecision) {
  work.sessions.set(ref.sessionId, session)
  work.isChanged = true
  work.charges.push(...charges)
  work.purse = purse
  const short = session.answer.body?.multipleUnitInformation?.filter(
    ({ resultCode }) => resultCode === 'QUOTA_LIMIT_REACHED',
  )
  const data = new Set(
    asked.groups.filter(({ kind }) => kind === 'data').map((one) => one.ratingGroup),
  )
  work.outOfData ||= short?.some(({ ratingGroup }) => data.has(ratingGroup)) ?? false
}

function forgetOldest(known: Map<string, Entry>, max: number) {
  for (const lineId of known.keys()) {
    if (known.size <= max) return
    known.delete(lineId)
  }
}

/** Looks up together what is asked while an earlier look-up is on its way. */
function gathering<Key, Value>(
  load: (keys: readonly Key[]) => Promise<ReadonlyMap<string, Value>>,
) {
  let waiting: {
    name: string
    key: Key
    done(value: Value | undefined): void
    failed(error: unknown): void
  }[] = []
  let isLoading = false
  const run = async () => {
    isLoading = true
    while (waiting.length > 0) {
      const asked = waiting
      waiting = []
      try {
        const found = await load([...new Map(asked.map(({ name, key }) => [name, key])).values()])
        for (const { name, done } of asked) done(found.get(name))
      } catch (error) {
        for (const { failed } of asked) failed(error)
      }
    }
    isLoading = false
  }
  return (name: string, key: Key) =>
    new Promise<Value | undefined>((done, failed) => {
      waiting.push({ name, key, done, failed })
      if (!isLoading) setImmediate(() => (isLoading ? undefined : void run()))
    })
}
