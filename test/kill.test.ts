/** kill -9 of the whole platform in every state of a case and in the middle of every step, then `npm start` again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { runningUrl } from '../src/platform/cluster.ts'
import { checkout } from '../src/platform/config.ts'
import { buyLine, draftClosure, install, member, refundsOfCase, submit, topUp } from './way.ts'

// Browsers and fetch refuse some ports, 6000 among them; none of these.
const port = 7000 + (process.pid % 80) * 8
const dataDir = mkdtempSync(join(tmpdir(), 'violet-kill-'))
const url = `http://localhost:${port}`
const urls = {
  payments: `http://localhost:${port + 1}`,
  network: `http://localhost:${port + 2}`,
  phone: `http://localhost:${port + 3}`,
  inbox: `http://localhost:${port + 4}`,
}
const platform = { url, urls } as Parameters<typeof member>[0]
const lock = 414243

let launcher: ChildProcess
let admin: pg.Client

beforeAll(async () => {
  await start()
}, 120_000)
afterAll(async () => {
  await admin.end()
  launcher.kill('SIGTERM')
  await until(
    async () => launcher.exitCode ?? launcher.signalCode,
    (code) => code !== null,
    30_000,
  )
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

async function start() {
  launcher = spawn(
    process.execPath,
    ['src/main/start.ts', '--port', String(port), '--data', dataDir],
    {
      cwd: checkout,
      detached: true,
      stdio: 'ignore',
    },
  )
  await until(
    async () => (await fetch(`${url}/v1/operator`).catch(() => undefined))?.status,
    (status) => status === 200,
    100_000,
  )
  const database = runningUrl(join(dataDir, 'postgres')) ?? ''
  admin = new pg.Client({ connectionString: database })
  admin.on('error', () => undefined)
  await admin.connect()
}

/** Holds a case where it is: whoever would take it further waits for a lock that we hold. */
async function holdAt(when: string, table: 'closure_case' | 'closure_step') {
  await admin.query('select pg_advisory_lock($1)', [lock])
  await admin.query(`create or replace function hold_case() returns trigger language plpgsql as $$
    begin
      if ${when} then perform pg_advisory_xact_lock(${lock}); end if;
      return new;
    end $$`)
  const event = table === 'closure_case' ? 'before update' : 'before insert'
  await admin.query(
    `create or replace trigger hold_case ${event} on ${table} for each row execute function hold_case()`,
  )
}

async function killAll(table: string) {
  process.kill(-(launcher.pid ?? 0), 'SIGKILL')
  await until(
    async () => (await fetch(`${url}/v1/operator`).catch(() => 'down')) === 'down',
    (down) => down,
  )
  await admin.query(`drop trigger hold_case on ${table}`)
  await admin.query('select pg_advisory_unlock_all()')
  await admin.end()
}

/** A submitted case of a paid, installed line, held where it was asked to be; the platform is then killed. */
async function killIn(
  country: string,
  when: string,
  table: 'closure_case' | 'closure_step',
  arrived: (caseId: string) => Promise<boolean>,
) {
  const lin = await member(platform, { country })
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  await topUp(lin, lineId, '10.00')
  const draft = await draftClosure(lin, 'line', lineId)
  await holdAt(when, table)
  const submitted = await submit(lin, draft)
  expect(submitted.status).toBe(202)
  await until(
    () => arrived(draft.caseId),
    (here) => here,
    20_000,
  )
  await killAll(table)
  await start()
  return { lin, draft }
}

async function stateOf(caseId: string): Promise<string> {
  const { rows } = await admin.query('select state from closure_case where case_id = $1', [caseId])
  return rows[0]?.state
}

async function closesOnce({ lin, draft }: Awaited<ReturnType<typeof killIn>>) {
  await until(
    async () => {
      // A worker that died in the middle is noticed by its missing heartbeat, after ten seconds or so.
      await sleep(200)
      return stateOf(draft.caseId)
    },
    (state) => state === 'closed',
    90_000,
  )
  const refunds = await refundsOfCase(platform, draft.caseId)
  expect(refunds.map(([, count]) => count)).toEqual(refunds.map(() => 1))
  const { rows } = await admin.query(
    `select sum(minor)::text as minor from refund where case_id = $1 and state = 'succeeded'`,
    [draft.caseId],
  )
  expect(rows[0].minor).toBe(draft.quote.currencies[0].refund.amount.replace('.', ''))
  const mails = async () => {
    const response = await fetch(`${urls.inbox}/messages?to=${encodeURIComponent(lin.email)}`)
    const { items } = (await response.json()) as { items: { attachments: unknown[] }[] }
    return items.filter(({ attachments }) => attachments.length === 3).length
  }
  await until(mails, (count) => count > 0, 30_000)
  expect(await mails()).toBe(1)
}

const leaving = (state: string) => `old.state = '${state}' and new.version > old.version`

async function timePasses(caseId: string) {
  await admin.query('update closure_case set due_at = now(), wake_at = now() where case_id = $1', [
    caseId,
  ])
}

const inState = (state: string) => async (caseId: string) => (await stateOf(caseId)) === state

/** A round takes most of a minute, so the usual run plays the two hardest; `VIOLET_KILL=all` plays every one. */
const all = process.env['VIOLET_KILL'] === 'all'
const rounds = (every: string[], usual: string[]) => (all ? every : usual)

test.each(
  rounds(
    ['submitted', 'verifying', 'approved', 'scheduled', 'executing', 'settling'],
    ['executing'],
  ),
)(
  'killed while %s',
  async (state) => {
    const killed = await killIn('GB', leaving(state), 'closure_case', inState(state))
    await closesOnce(killed)
  },
  150_000,
)

test.runIf(all)(
  'killed while in review',
  async () => {
    const killed = await killIn('DE', leaving('in_review'), 'closure_case', inState('in_review'))
    await timePasses(killed.draft.caseId)
    await closesOnce(killed)
  },
  150_000,
)

test.runIf(all)(
  'killed while cooling off, approved by a person afterwards',
  async () => {
    const killed = await killIn(
      'CN',
      leaving('cooling_off'),
      'closure_case',
      inState('cooling_off'),
    )
    const { caseId } = killed.draft
    await timePasses(caseId)
    await until(
      () => stateOf(caseId),
      (state) => state === 'in_review',
      60_000,
    )
    const reviewer = person(platform)
    await reviewer.signInAsStaff('reviewer@violet.example')
    const at = `/v1/staff/closures/${caseId}`
    const { version } = (await reviewer.get(at)).body
    await reviewer.post(`${at}/decision`, { decision: 'approve', version })
    await closesOnce(killed)
  },
  150_000,
)

test.each(
  rounds(
    [
      'stop-download',
      'detach',
      'end-sessions',
      'close-line',
      'settle',
      'refund',
      'certificate',
      'close',
    ],
    ['refund'],
  ),
)(
  'killed after %s was performed and before it was recorded',
  async (verb) => {
    const waiting = async () => {
      const { rows } = await admin.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%closure_step%'`,
      )
      return rows.length > 0
    }
    await closesOnce(await killIn('GB', `new.step like '${verb}%'`, 'closure_step', waiting))
  },
  150_000,
)
