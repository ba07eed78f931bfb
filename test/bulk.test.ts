/** Closing many lines at once: dry run, approval by two, cohorts, a crash in the middle, outcomes line by line. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bulkJobs, endBulk, runCohort } from '../src/closure/bulk-steps.ts'
import { seeBulk } from '../src/closure/bulk-view-store.ts'
import { isIntact } from '../src/closure/chain.ts'
import { findCase } from '../src/closure/store.ts'
import { eventsOf } from '../src/closure/timeline-store.ts'
import { proveLedger } from '../src/ledger/store.ts'
import {
  type BulkFlags,
  bulkCommand,
  bulkOutcomesCommand,
  bulkWanted,
} from '../src/main/closure.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, refundsOfCase, submit, topUp } from './way.ts'

let platform: TestPlatform
let folder: string
/** Thrown by the network in the middle of a cohort, as a process that dies would leave it. */
let crashes = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'violet-bulk-'))
  platform = await testPlatform({
    wrap: (gateways) => ({
      ...gateways,
      network: {
        ...gateways.network,
        async delete(...asked) {
          await gateways.network.delete(...asked)
          if (crashes === 0) return
          crashes -= 1
          throw new Error('the process died after the call')
        },
      },
    }),
  })
})
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

const flags = (given: Partial<BulkFlags> = {}): BulkFlags => ({
  on: 'now',
  reason: 'This brand ends.',
  dryRun: false,
  cohort: '2',
  lanes: '2',
  calls: '16',
  json: true,
  ...given,
})

async function bulk(
  rows: readonly string[],
  given: Partial<BulkFlags> = {},
  columns: 'lineId' | 'lineId,money' = 'lineId',
) {
  const path = join(folder, 'lines.csv')
  writeFileSync(path, `\uFEFF${columns}\r\n${rows.join('\r\n')}\r\n`)
  let said = ''
  const wanted = bulkWanted(path, flags(given))
  const code = await bulkCommand(platform.config, wanted, flags(given), (text) => (said += text))
  return { code, said: JSON.parse(said) }
}

async function staff(email: string): Promise<Person> {
  const someone = person(platform)
  expect((await someone.signInAsStaff(email)).status).toBe(200)
  return someone
}

const at = (bulkId: string, action = '') => `/v1/staff/bulk-closures/${bulkId}${action}`

async function approve(bulkId: string) {
  const [amara, farah] = [
    await staff('reviewer@violet.example'),
    await staff('finance@violet.example'),
  ]
  expect((await amara.post(at(bulkId, '/approve'))).body).toMatchObject({ state: 'proposed' })
  expect((await amara.post(at(bulkId, '/approve'))).body.code).toBe('already-decided')
  const support = await staff('support@violet.example')
  expect((await support.post(at(bulkId, '/approve'))).status).toBe(403)
  expect((await farah.post(at(bulkId, '/approve'))).body).toMatchObject({ state: 'running' })
  return farah
}

async function casesOf(bulkId: string) {
  const { rows } = await sql<{ subscriber_id: string; case_id: string; line_id: string }>`
    select subscriber_id, case_id, line_id from closure_case where bulk_id = ${bulkId} order by line_id`.execute(
    platform.db,
  )
  return rows
}

test('lines of several people close together: each refund once, each owner told, every cent in its place', async () => {
  const lin = await member(platform)
  const { lineId: used } = await buyLine(lin)
  await install(platform, lin, used)
  await topUp(lin, used, '20.00')
  // A term costs in Britain and binds in Germany, and neither whom the operator ends itself.
  await sql`insert into plan_version (plan_id, version, document, valid_from)
    select 'home-term', 1, document || '{"term":{"months":24}}', valid_from from plan_version
    where plan_id = 'home-uk' and valid_to is null`.execute(platform.db)
  const { lineId: second } = await buyLine(lin, 'home-term')
  await install(platform, lin, second)
  const sam = await member(platform, { name: 'Sam', locale: 'zh-CN' })
  const { lineId: fresh } = await buyLine(sam)
  const jan = await member(platform, { country: 'DE', name: 'Jan' })
  const { lineId: third } = await buyLine(jan, 'home-term')
  await install(platform, jan, third)
  const leaving = await member(platform, { country: 'DE' })
  const { lineId: onItsWay } = await buyLine(leaving)
  await submit(leaving, await draftClosure(leaving, 'line', onItsWay))
  // Somebody who has looked at the closing way and asked for nothing.
  await draftClosure(sam, 'line', fresh)

  const rows = [used, second, fresh, third, onItsWay, used, 'line_of_nobody', '']
  const dry = await bulk(rows, { dryRun: true, outcomes: join(folder, 'dry.csv') })
  expect(dry.code).toBe(1)
  expect(dry.said).toMatchObject({ lines: 4, refused: { 'closure-open': 1 }, rejects: 2 })
  const [{ amount }] = dry.said.refund
  expect(readFileSync(join(folder, 'dry.csv'), 'utf8').trim().split('\r\n')).toHaveLength(6)
  expect((await lin.get(`/v1/lines/${used}`)).body.state).toBe('active')

  const { said } = await bulk(rows)
  expect(said).toMatchObject({ isNew: true, totals: { lines: 4 } })
  expect((await bulk(rows)).said).toEqual({ ...said, isNew: false })
  await expect(bulk(rows, { on: undefined, cohort: '3' })).rejects.toThrow(
    `as ${said.bulkId}, and not in the same way: endsAt, cohort.`,
  )
  crashes = 1
  const farah = await approve(said.bulkId)
  const done = await until(
    async () => (await farah.get(at(said.bulkId))).body,
    ({ progress }) => progress.states.closed === 4,
    40_000,
  )
  expect(crashes).toBe(0)
  expect(done).toMatchObject({
    progress: { lines: 5, waiting: 0, refused: { 'closure-open': 1 } },
    rejects: 2,
    approvalsNeeded: 2,
    mayApprove: false,
  })
  await endBulk(platform.app)
  expect((await farah.get(at(said.bulkId))).body.state).toBe('done')

  // What the operator ends nobody agreed to.
  const { subscriberId: lins } = (await lin.get('/v1/me')).body
  const consents = await Array.fromAsync(rowsOf(platform.db, lins, 'consents'))
  expect(consents.map(([kind]) => kind)).toEqual(['plan-bought', 'plan-bought'])

  let refunded = 0n
  for (const { subscriber_id, case_id } of await casesOf(said.bulkId)) {
    const refunds = await refundsOfCase(platform, case_id)
    expect(refunds.every(([, count]) => count === 1)).toBe(true)
    expect(isIntact(case_id, await eventsOf(platform.db, subscriber_id, case_id))).toBe(true)
    const { rows: sums } = await sql<{ minor: bigint }>`
      select coalesce(sum(minor), 0)::int8 as minor from refund
      where case_id = ${case_id} and state = 'succeeded'`.execute(platform.db)
    refunded += sums[0]?.minor ?? 0n
  }
  expect(refunded).toBe(BigInt(amount.replace('.', '')))
  const { rows: fees } = await sql`
    select from closure_case where bulk_id = ${said.bulkId} and quote::text like '%early-fee%'`.execute(
    platform.db,
  )
  expect(fees).toEqual([])
  const { rows: left } = await sql`
    select from ledger_balance where minor <> 0 and line_id = any(${[used, second, fresh, third]})`.execute(
    platform.db,
  )
  expect(left).toEqual([])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
  const told = (await mails(sam.email)).map(({ subject }) => subject)
  expect(told.filter((subject) => subject.includes('将被停止服务'))).toHaveLength(1)

  const nowhere = join(folder, 'nowhere', 'outcomes.csv')
  const unwritten = expect.objectContaining({
    name: 'CannotStart',
    message: `${nowhere} cannot be written (ENOENT).`,
  })
  await expect(bulk(rows, { dryRun: true, outcomes: nowhere })).rejects.toEqual(unwritten)
  await expect(bulkOutcomesCommand(platform.config, said.bulkId, nowhere)).rejects.toEqual(
    unwritten,
  )
  const { body: csv } = await farah.get(at(said.bulkId, '/outcomes.csv'))
  const outcomes = csv.trim().split('\r\n')
  expect(outcomes[0]).toBe('row,lineId,reference,outcome,reason,closedAt')
  expect(outcomes.slice(1).map((row: string) => row.split(',')[3])).toEqual([
    ...['closed', 'closed', 'closed', 'closed', 'refused', 'rejected', 'rejected'],
  ])
}, 120_000)

const mails = async (to: string): Promise<{ subject: string }[]> => {
  const response = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  return ((await response.json()) as { items: { subject: string }[] }).items
}

test('what becomes of the money is as policy sets it or the file asks: back, kept as credit, or spent first', async () => {
  const withCredit = async (country = 'GB') => {
    const lin = await member(platform, { country })
    const { lineId } = await buyLine(lin, 'home-uk')
    await install(platform, lin, lineId)
    await topUp(lin, lineId, '20.00')
    return { lin, lineId, line: (await lin.get(`/v1/lines/${lineId}`)).body }
  }
  const [back, kept, spent] = [await withCredit(), await withCredit(), await withCredit()]
  const [prohibited, refused] = [await withCredit('JP'), await withCredit('JP')]
  const rows = [
    `${back.lineId},`,
    `${kept.lineId},keep`,
    `${spent.lineId}, Spend`,
    `${prohibited.lineId},`,
    `${refused.lineId},refund`,
    `${refused.lineId}x,lottery`,
  ]
  const { said } = await bulk(rows, {}, 'lineId,money')
  expect(said).toMatchObject({
    rejects: 1,
    totals: { lines: 4, spending: 1, refused: { 'money-not-allowed': 1 } },
  })
  await approve(said.bulkId)
  const progress = async () => (await seeBulk(platform.db, said.bulkId))?.progress.states
  await until(progress, (states) => states?.['closed'] === 3, 40_000)
  expect(await progress()).toEqual({ closed: 3, scheduled: 1 })
  const credit = async ({ lin }: typeof back) => (await lin.get('/v1/credit')).body.items.length
  expect(await Promise.all([back, kept, prohibited].map(credit))).toEqual([0, 1, 1])
  const refundsOf = async ({ lineId }: typeof back) => {
    const found = (await casesOf(said.bulkId)).find(({ line_id }) => line_id === lineId)
    return (await refundsOfCase(platform, found!.case_id)).length > 0
  }
  expect(await Promise.all([back, kept, prohibited, spent].map(refundsOf))).toEqual([
    ...[true, false, false, false],
  ])
  // Announced for its own last paid day, and until then it works.
  const [bodies] = (await mails(spent.lin.email)).slice(0, 1)
  expect(bodies!.subject).toContain('will be closed')
  platform.clock.advance({ hours: 24 * 29 })
  expect((await spent.lin.get(`/v1/lines/${spent.lineId}`)).body.state).toBe('closing')
  platform.clock.advance({ hours: 25 })
  await until(progress, (states) => states?.['closed'] === 4, 40_000)
  expect(await refundsOf(spent)).toBe(true)
  await endBulk(platform.app)
  expect((await seeBulk(platform.db, said.bulkId))?.state).toBe('done')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 120_000)

test('announced for a later day: the line works until then, its owner can’t withdraw, and it can be called off', async () => {
  const lin = await member(platform)
  const [{ lineId: staying }, { lineId: going }] = [await buyLine(lin), await buyLine(lin)]
  const later = platform.clock.now().add({ hours: 48 }).toString()
  const { said } = await bulk([staying], { on: later })
  const farah = await approve(said.bulkId)
  const [announced] = await until(
    () => casesOf(said.bulkId),
    (cases) => cases.length === 1,
  )
  const caseId = announced!.case_id
  expect((await lin.get(`/v1/closures/${caseId}`)).body).toMatchObject({
    state: 'scheduled',
    canWithdraw: false,
  })
  expect((await lin.post(`/v1/closures/${caseId}/withdraw`)).body.code).toBe('closed-by-operator')
  expect((await farah.post(at(said.bulkId, '/call-off'))).body).toMatchObject({
    state: 'cancelled',
    progress: { states: { withdrawn: 1 } },
  })
  const { body: line } = await lin.get(`/v1/lines/${staying}`)
  expect(line.state).not.toBe('closing')

  const { said: second } = await bulk([going], { on: later })
  await approve(second.bulkId)
  await until(
    () => casesOf(second.bulkId),
    (cases) => cases.length === 1,
  )
  expect((await farah.post(at(second.bulkId, '/pause'))).body.state).toBe('paused')
  platform.clock.advance({ hours: 49 })
  // What a cohort is asked while it is paused, it does not do.
  await runCohort(platform.app, platform.gateways, { bulkId: second.bulkId, cohort: '0' })
  const [waiting] = await casesOf(second.bulkId)
  const state = async () =>
    (await findCase(platform.db, waiting!.subscriber_id, waiting!.case_id))?.state
  expect(await state()).toBe('scheduled')
  expect((await farah.post(at(second.bulkId, '/resume'))).body.state).toBe('running')
  await until(state, (now) => now === 'closed', 20_000)
  expect((await seeBulk(platform.db, second.bulkId))?.progress.states).toEqual({ closed: 1 })
}, 90_000)

test('a cohort that fails for good stops no other, and what it could not open is tried again', async () => {
  const lin = await member(platform)
  const lines = [await buyLine(lin), await buyLine(lin)].map(({ lineId }) => lineId)
  const on = platform.clock.now().add({ hours: 72 }).toString()
  const { said } = await bulk(lines, { on, cohort: '1', lanes: '1' })
  await sql`update closure_bulk set state = 'running' where bulk_id = ${said.bulkId}`.execute(
    platform.db,
  )
  const [job] = bulkJobs(platform.app, platform.gateways as never)
  const opened = async () => (await casesOf(said.bulkId)).length
  await job!.gaveUp({ bulkId: said.bulkId, cohort: '0' }, 'a bug', randomUUID())
  await until(opened, (count) => count === 1, 20_000)
  const { rows } = await sql<{ data: Record<string, string> }>`
    select data from pgboss.job where name = 'closure.bulk' and data ->> 'bulkId' = ${said.bulkId}
      and data ->> 'cohort' = '0' and state = 'created' and start_after > now()`.execute(
    platform.db,
  )
  expect(rows).toHaveLength(1)
  await job!.run(rows[0]!.data)
  expect(await opened()).toBe(2)
}, 60_000)

test('what can’t be read is refused with what to do, before anything is opened', () => {
  const file = (text: string) => {
    const path = join(folder, 'bad.csv')
    writeFileSync(path, text)
    return path
  }
  const wanted = (path: string | undefined, given: Partial<BulkFlags> = {}) =>
    bulkWanted(path, flags(given))
  expect(() => wanted(file('name\nLin\n'))).toThrow(/no column lineId, msisdn, iccid or imsi/)
  expect(() => wanted(file('lineId\n'))).toThrow(/names no lines/)
  expect(() => wanted(join(folder, 'missing.csv'))).toThrow(/cannot be read \(ENOENT\)/)
  expect(() => wanted(undefined)).toThrow(/Give one of/)
  expect(() => wanted(undefined, { brand: 'Iris', plan: 'x' })).toThrow(/Give one of/)
  expect(() => wanted(undefined, { brand: 'Iris', reason: '' })).toThrow(/Say why/)
  expect(() => wanted(undefined, { brand: 'Iris', on: 'soon' })).toThrow(/--on is a date/)
  expect(() => wanted(undefined, { brand: 'Iris', money: 'x' })).toThrow(/--money is one of/)
  expect(() => wanted(undefined, { brand: 'Iris', on: '2020-01-01' })).toThrow(/has passed/)
  expect(() => wanted(undefined, { brand: 'Iris', on: '2090-01-01' })).toThrow(/more than a year/)
})
