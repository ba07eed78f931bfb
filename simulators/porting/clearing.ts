/** Numbers on their way between operators: what is asked of another operator, and what its own subscribers ask for. */
import type { Clock } from '../../src/platform/clock.ts'
import type { Ids } from '../../src/platform/ids.ts'
import type { Database } from '../database.ts'
import { notFound, Problem } from '../host.ts'
import type { Outbox } from '../outbox.ts'
import { openTimer, type Timer } from '../timer.ts'

export const schema = `
create table if not exists port (
  reference text primary key,
  way text not null,
  msisdn text not null,
  code text not null,
  operator text not null,
  state text not null,
  reason text not null default '',
  due_ms integer not null,
  created_ms integer not null,
  taken integer not null default 1
) strict;
create index if not exists port_due on port (due_ms) where state = 'pending';`

/** `to-violet`: a number of another operator that comes; `from-violet`: one of Violet's that another operator takes. */
export type Way = 'to-violet' | 'from-violet'
export type State =
  | 'asking'
  | 'pending'
  | 'completing'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'refused'
export type PortRow = {
  reference: string
  way: Way
  msisdn: string
  code: string
  operator: string
  state: State
  reason: string
  due_ms: number
  created_ms: number
  /** How often it took effect: never more than once. */
  taken: number
}

export type Asked = { reference: string; msisdn: string; code: string; recipient: string }
export type Wanted = { msisdn: string; code: string; recipient: string }
export type Ending = 'complete' | 'fail' | 'cancel'

/** The clearing house knows a code by its letters: these are wrong ones. */
const wrongCode = /^WRONG/i
const openStates = ['asking', 'pending', 'completing']

type Means = {
  db: Database
  clock: Clock
  ids: Ids
  outbox: Outbox
  leadMs: number
  /** What wakes it when something is due; a simulation has its own. */
  timer?: typeof openTimer
}
export type Clearing = ReturnType<typeof openClearing>

export function openClearing(means: Means) {
  const { db, clock, outbox } = means
  const books = openBooks(means)
  const timer = (means.timer ?? openTimer)(clock, books.nextDueMs, () => {
    db.transaction(() => {
      for (const row of books.due()) end(books, row, 'complete', '')
    })
    outbox.wake()
  })
  return {
    get: books.get,
    recent: books.recent,
    ...violetSide(books, timer),
    ...counterSide(means, books, timer),
    stop: timer.stop,
  }
}

type Books = ReturnType<typeof openBooks>
type New = Pick<PortRow, 'reference' | 'way' | 'state' | 'msisdn' | 'code' | 'operator'>

function openBooks({ db, clock, ids, outbox, leadMs }: Means) {
  const nowMs = () => clock.now().epochMilliseconds
  const find = (reference: string) =>
    db.get<PortRow>('select * from port where reference = :reference', { reference })
  return {
    find,
    get(reference: string): PortRow {
      const row = find(reference)
      if (!row) throw notFound('port')
      return row
    },
    set: (reference: string, state: State, reason = '') =>
      db.run('update port set state = :state, reason = :reason where reference = :reference', {
        reference,
        state,
        reason,
      }),
    insert(row: New) {
      const created = nowMs()
      db.run(
        `insert into port (reference, way, msisdn, code, operator, state, due_ms, created_ms)
         values (:reference, :way, :msisdn, :code, :operator, :state, :due, :created)`,
        { ...row, due: created + leadMs, created },
      )
    },
    isUnderWay: (msisdn: string) =>
      db.get(
        `select 1 from port where msisdn = :msisdn and state in ('asking', 'pending', 'completing')`,
        { msisdn },
      ) !== undefined,
    recent: (limit: number) =>
      db.all<PortRow>('select * from port order by created_ms desc, rowid desc limit :limit', {
        limit,
      }),
    due: () =>
      db.all<PortRow>(`select * from port where state = 'pending' and due_ms <= :now`, {
        now: nowMs(),
      }),
    nextDueMs: () =>
      db.get<{ due: number | null }>(`select min(due_ms) as due from port where state = 'pending'`)
        ?.due ?? undefined,
    tell(type: string, data: object) {
      const messageId = ids.make('msg')
      outbox.post({ messageId, type, body: JSON.stringify({ type, data }) })
    },
  }
}

/** What its day brings, or somebody on the page decides. */
function end(books: Books, { reference, way, state }: PortRow, ending: Ending, reason: string) {
  if (way === 'to-violet') {
    if (state !== 'pending') return
    const ended = { complete: 'completed', fail: 'failed', cancel: 'cancelled' } as const
    books.set(reference, ended[ending], ending === 'fail' ? reason : '')
    return books.tell('port-in.changed', { reference })
  }
  if (!openStates.includes(state)) return
  if (ending === 'complete') {
    // It has moved only once Violet says so: its owner may have stopped it.
    books.set(reference, 'completing')
    return books.tell('port-out.completed', { reference })
  }
  if (ending === 'cancel') {
    books.set(reference, 'cancelled')
    return books.tell('port-out.cancelled', { reference })
  }
  books.set(reference, 'failed', reason)
  return books.tell('port-out.failed', { reference, reason })
}

/** Violet asks for numbers. */
function violetSide(books: Books, timer: Timer) {
  return {
    /** The same reference again is the same port. */
    ask({ reference, msisdn, code, recipient }: Asked): { row: PortRow; isNew: boolean } {
      const known = books.find(reference)
      if (known) return { row: known, isNew: false }
      if (wrongCode.test(code)) throw refused('code-wrong')
      if (books.isUnderWay(msisdn)) throw refused('already-pending')
      const way = 'to-violet'
      books.insert({ reference, way, state: 'pending', msisdn, code, operator: recipient })
      timer.schedule()
      return { row: books.get(reference), isNew: true }
    },
    cancel(reference: string): PortRow {
      const row = books.get(reference)
      if (row.state === 'pending') books.set(reference, 'cancelled')
      return books.get(reference)
    },
  }
}

/** People at the other operator bring numbers of Violet's, and decide what becomes of any. */
function counterSide({ db, ids, outbox }: Means, books: Books, timer: Timer) {
  return {
    want({ msisdn, code, recipient }: Wanted): PortRow {
      const reference = `port-${ids.make('port').slice(-12)}`
      db.transaction(() => {
        const way = 'from-violet'
        books.insert({ reference, way, state: 'asking', msisdn, code, operator: recipient })
        const dueAt = momentOf(books.get(reference))
        books.tell('port-out.requested', { reference, msisdn, code, recipient, dueAt })
      })
      outbox.wake()
      return books.get(reference)
    },
    decide(reference: string, ending: Ending, reason: string): PortRow {
      const row = books.get(reference)
      if (!openStates.includes(row.state))
        throw new Problem(409, 'not-pending', 'It has ended already.', { state: row.state })
      db.transaction(() => end(books, row, ending, reason))
      outbox.wake()
      return books.get(reference)
    },
    /** What Violet answered to a message about one of its numbers. */
    heard(body: string, answer: unknown, isRefused: boolean): void {
      const { type, data } = JSON.parse(body) as { type: string; data: { reference: string } }
      const row = books.find(data.reference)
      if (!row || row.way !== 'from-violet') return
      const said = (answer ?? {}) as { state?: string; reason?: string }
      if (type === 'port-out.requested' && row.state === 'asking') {
        if (isRefused) books.set(row.reference, 'refused', said.reason ?? '')
        else books.set(row.reference, 'pending')
        timer.schedule()
      }
      if (type !== 'port-out.completed' || row.state !== 'completing') return
      const moved = !isRefused && said.state === 'completed'
      books.set(row.reference, moved ? 'completed' : 'cancelled', moved ? '' : (said.state ?? ''))
    },
  }
}

function refused(reason: string): Problem {
  return new Problem(409, 'port-refused', 'The other operator refuses.', { reason })
}

const momentOf = ({ due_ms }: PortRow) => Temporal.Instant.fromEpochMilliseconds(due_ms).toString()

/** As Violet reads it. */
export function portWire(row: PortRow): object {
  const { reference, state, reason } = row
  const shown = state === 'asking' || state === 'completing' ? 'pending' : state
  return {
    reference,
    state: shown,
    dueAt: momentOf(row),
    ...(reason !== '' && { reason }),
  }
}
