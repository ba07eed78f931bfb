/** Somebody who used everything that keeps personal data, and whose account is closed. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { lineAfter, withPorts } from './erasing.ts'
import type { TestPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp } from './way.ts'

export const words = 'The shop in Lisbon sold me a card that never worked on the island of Pico'

type Member = Awaited<ReturnType<typeof member>>
export type Leaving = { lin: Member; subscriberId: string; lineId: string; caseId: string }

/** Somebody who used everything that keeps personal data, and closed the account. */
export async function leaverOf(
  platform: TestPlatform,
  name: string,
  country = 'GB',
  before?: (who: Leaving) => Promise<unknown>,
) {
  const lin = await member(platform, { name, country })
  const me = (await lin.get('/v1/me')).body
  const phone = `+4477009${String(Math.floor(Math.random() * 1e5)).padStart(5, '0')}`
  const added = await lin.post('/v1/me/contacts', { kind: 'phone', value: phone })
  expect(added.status).toBe(201)
  const { lineId } = await buyLine(lin)
  const { line } = await install(platform, lin, lineId)
  await lin.patch(`/v1/lines/${lineId}`, { nickname: `${name} abroad` })
  await topUp(lin, lineId, '20.00')
  const { body: ticket } = await lin.post('/v1/tickets', {
    subject: `${name} has no signal`,
    body: words,
    context: { page: '/lines' },
  })
  const draft = await draftClosure(lin, 'account')
  await lin.patch(`/v1/closures/${draft.caseId}`, { reason: 'other', reasonText: `${words} twice` })
  await before?.({ lin, subscriberId: me.subscriberId, lineId, caseId: draft.caseId })
  const { body: fresh } = await lin.get(`/v1/closures/${draft.caseId}`)
  expect((await submit(lin, { caseId: draft.caseId, quote: fresh.quote })).status).toBe(202)
  await closed(platform, draft.reference)
  await until(
    () =>
      sql`select 1 from notice where subscriber_id = ${me.subscriberId} and state = 'queued'`.execute(
        platform.db,
      ),
    ({ rows }) => rows.length === 0,
  )
  return {
    subscriberId: me.subscriberId as string,
    email: lin.email,
    phone,
    line,
    ticket,
    draft,
    name,
  }
}

/** The same, one of whose records was held before the end: of those that the end takes fields of. */
export async function leaverHeld(
  platform: TestPlatform,
  name: string,
  recordOf: (lineId: string) => string,
) {
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  let hold = ''
  const gone = await leaverOf(platform, name, 'GB', async ({ lineId, caseId }) => {
    await withPorts(platform, lineId)
    const holds = `/v1/staff/closures/${caseId}/holds`
    const placed = await admin.post(holds, { record: recordOf(lineId), basis: 'High Court' })
    expect(placed.status).toBe(201)
    hold = `${holds}/${placed.body.holdId}`
  })
  const { lineId, msisdn } = gone.line as { lineId: string; msisdn: string }
  return {
    ...gone,
    admin,
    release: async () =>
      expect((await admin.post(`${hold}/release`, { reason: 'it is over' })).status).toBe(200),
    left: () => lineAfter(platform, lineId, msisdn),
  }
}

const closed = (platform: TestPlatform, reference: string) =>
  until(
    async () => (await person(platform).get(`/v1/closures/by-reference/${reference}`)).body,
    ({ state }) => state === 'closed',
    30_000,
  )

/** What staff type about somebody, wherever they can. */
export async function writtenAbout(platform: TestPlatform, who: Leaving, name: string) {
  const reason = `${name} called from ${who.lin.email}`
  const [support, admin] = [person(platform), person(platform)]
  await support.signInAsStaff('support@violet.example')
  await admin.signInAsStaff('admin@violet.example')
  const line = `/v1/staff/subscribers/${who.subscriberId}/lines/${who.lineId}`
  for (const act of ['suspend', 'resume'])
    expect((await support.post(`${line}/${act}`, { cause: 'operator', reason })).status).toBe(200)
  const bulk = { reason, identifier: 'lineId', values: [who.lineId] }
  const proposed = await admin.post('/v1/staff/bulk-closures', bulk)
  expect(proposed.status).toBe(201)
  const at = `/v1/staff/bulk-closures/${proposed.body.bulkId}`
  expect((await admin.get(at)).body.reason).toBe(reason)
  expect((await admin.post(`${at}/call-off`)).status).toBe(200)
}

/** One record of theirs is held, and let go. */
export async function heldBriefly(
  platform: TestPlatform,
  { name, email, draft, ticket }: Awaited<ReturnType<typeof leaverOf>>,
) {
  const words = `${name} asked by ${email}`
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  const holds = `/v1/staff/closures/${draft.caseId}/holds`
  const placed = await admin.post(holds, { record: ticket.ticketId, basis: words })
  expect(placed.body.basis).toBe(words)
  await admin.post(`${holds}/${placed.body.holdId}/release`, { reason: words })
  const { items } = (await admin.get('/v1/staff/audit?limit=100')).body
  const said = items.map(({ action, reason }: Record<string, string>) => `${action} ${reason}`)
  const calls = ['line.suspended', 'line.resumed'].map(
    (act) => `${act} ${name} called from ${email}`,
  )
  expect(said).toEqual(
    expect.arrayContaining([...calls, `hold.placed ${words}`, `hold.released ${words}`]),
  )
}
