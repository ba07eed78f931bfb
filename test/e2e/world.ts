/** A person with something on every page, and the pages there are: for pictures, and for trying words that are longer. */
import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { type Person, person } from '../../src/main/demo-person.ts'
import type { TestPlatform } from '../platform.ts'
import { untilTrue } from './browser.ts'
import { authenticator } from '../authenticator.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from '../way.ts'

export type World = {
  someone: Person & { email: string }
  planId: string
  travelId: string
  lineId: string
  orderId: string
  caseId: string
  progressId: string
  rejectedId: string
  severalId: string
  closedReference: string
  reference: string
  ticketId: string
}

/** In Germany a person reviews, so that there is a closure under way; the draft is of another line. */
export async function furnish(platform: TestPlatform, locale: string): Promise<World> {
  const name = locale === 'zh-CN' ? '林悦' : 'Lin Yue'
  const someone = await member(platform, { locale, country: 'DE', name })
  const { lineId, orderId } = await buyLine(someone)
  await install(platform, someone, lineId)
  await topUp(someone, lineId)
  await earlierUse(platform, lineId)
  const { body: catalog } = await someone.get('/v1/plans')
  const plans = catalog.plans as { planId: string; kind: string; hasNumber: boolean }[]
  const planId = plans.find(({ kind, hasNumber }) => kind === 'home' && hasNumber)?.planId ?? ''
  const travelId = plans.find(({ kind }) => kind === 'travel')?.planId ?? ''
  const second = await buyLine(someone, travelId)
  await install(platform, someone, second.lineId)
  const underWay = await draftClosure(someone, 'line', second.lineId)
  await submit(someone, underWay)
  const { reference } = await untilState(someone, underWay.caseId, 'in_review')
  const draft = await draftClosure(someone, 'line', lineId)
  const { body: ticket } = await someone.post('/v1/tickets', {
    subject: locale === 'zh-CN' ? '新手机收不到短信' : 'No texts on the new phone',
    body: locale === 'zh-CN' ? '昨天换了手机，收不到短信。' : 'I moved to a new phone yesterday.',
  })
  await addPasskey(platform, someone, locale === 'zh-CN' ? '林悦的手机' : 'Lin’s phone')
  const { caseId: progressId } = underWay
  // In Arabic, so that somewhere a whole closure's mails and papers are made from right to left.
  const { closedReference } = await closedLine(platform, 'ar')
  const ids = {
    ...(await rejectedOfTwo(platform, someone)),
    planId,
    travelId,
    lineId,
    orderId,
    caseId: draft.caseId,
    progressId,
    closedReference,
  }
  return { someone, ...ids, reference, ticketId: ticket.ticketId }
}

/** As the network would have reported it day by day, so that there is something to draw. */
async function earlierUse({ db }: TestPlatform, lineId: string) {
  await sql`
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, currency, received_at)
    select subscriber_id, line_id || kind || day, line_id, kind, quantity * (day % 5 + 1), at, at, '234', '15',
      case when day % 3 = 0 then 'FR' else 'GB' end, 'charged', quantity * (day % 5 + 1), currency, at
    from line, generate_series(1, 20) as day, lateral (select now() - day * interval '1 day' as at) as moment,
      (values ('data', 137000000), ('voice', 95), ('sms', 1)) as used (kind, quantity)
    where line_id = ${lineId} and (kind = 'data' or day % 4 = 1)`.execute(db)
}

/** A passkey of a device that is not here. */
async function addPasskey(
  platform: TestPlatform,
  someone: Person & { email: string },
  name: string,
) {
  const after = new Date(Date.now() - 1).toISOString()
  await someone.post('/v1/me/passkeys/code')
  const code = await someone.codeFor(someone.email, after)
  const { body: options } = await someone.post('/v1/me/passkeys/options', { code })
  const credential = authenticator(platform.url).create(options)
  await someone.post('/v1/me/passkeys', { credential, name })
}

/** Two lines of which each makes the other cheaper; closing one was refused, and is asked for again. */
async function rejectedOfTwo(platform: TestPlatform, someone: Person & { email: string }) {
  const { lineId } = await buyLine(someone, 'flex-europe')
  await buyLine(someone, 'flex-europe')
  const first = await draftClosure(someone, 'line', lineId)
  await submit(someone, first)
  await untilState(someone, first.caseId, 'in_review')
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${first.caseId}`
  const { version } = (await reviewer.get(at)).body
  const rejection = { decision: 'reject', reasonCode: 'identity-doubt', version, note: '' }
  await reviewer.post(`${at}/decision`, rejection)
  await untilState(someone, first.caseId, 'rejected')
  const again = await draftClosure(someone, 'line', lineId)
  return { rejectedId: first.caseId as string, severalId: again.caseId as string }
}

/** Somebody else's, as anybody with the reference sees it. */
async function closedLine(platform: TestPlatform, locale: string) {
  const other = await member(platform, { locale })
  const { lineId } = await buyLine(other)
  await install(platform, other, lineId)
  const draft = await draftClosure(other, 'line', lineId)
  await submit(other, draft)
  await untilState(other, draft.caseId, 'closed')
  return { closedReference: draft.reference as string }
}

const wanted = process.env['VIOLET_PAGES']?.split(',')

/** Each page by a short name, or those that `VIOLET_PAGES` names, parted by commas. */
export function pagesOf(world: World): readonly (readonly [name: string, path: string])[] {
  return allOf(world).filter(([name]) => wanted?.includes(name) ?? true)
}

function allOf(world: World): readonly (readonly [name: string, path: string])[] {
  const { lineId, caseId } = world
  const line = `/lines/${lineId}`
  const closing = `/closures/${caseId}`
  return [
    ['shop', '/'],
    ['plan', `/plans/${world.planId}`],
    ['coverage', `/plans/${world.travelId}/coverage`],
    ['help', '/help'],
    ['follow', '/c'],
    ['public-progress', `/c/${world.reference}`],
    ['public-closed', `/c/${world.closedReference}`],
    ['close-without', '/close'],
    ['verify', '/verify'],
    ['phone-check', '/phone-check'],
    ['install-guide', '/install-guide'],
    ['delete-guide', '/delete-guide'],
    ['lost', '/nowhere'],
    ['checkout', `/checkout/${world.planId}`],
    ['order', `/orders/${world.orderId}`],
    ['home', '/lines'],
    ['line', line],
    ['install', `${line}/install`],
    ['top-up', `${line}/top-up`],
    ['line-plan', `${line}/plan`],
    ['add-ons', `${line}/add-ons`],
    ['other-plans', `${line}/plans`],
    ['number', `${line}/number`],
    ['bring', `${line}/number/bring`],
    ['cap', `${line}/cap`],
    ['move-credit', `${line}/move-credit`],
    ['credit', '/credit'],
    ['statement', '/statement'],
    ['account', '/account'],
    ['contacts', '/account/contacts'],
    ['devices', '/account/devices'],
    ['passkeys', '/account/passkeys'],
    ['messages', '/account/messages'],
    ['cards', '/account/cards'],
    ['new-ticket', `/help/new?about=unanswered&page=${line}`],
    ['ticket', `/help/${world.ticketId}`],
    ['close-ready', `${closing}/ready`],
    ['close-unbind', `${closing}/unbind`],
    ['close-quote', `${closing}/quote`],
    ['close-reason', `${closing}/reason`],
    ['close-answers', `${closing}/answers`],
    ['close-confirm', `${closing}/confirm`],
    ['close-progress', `/closures/${world.progressId}`],
    ['close-rejected', `/closures/${world.rejectedId}`],
    ['close-several', `/closures/${world.severalId}/quote`],
    ['design', '/design'],
  ]
}

/** Until nothing loads any more and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await untilTrue(
    page,
    `document.querySelector('[aria-busy=true]:not(button)') === null && document.fonts.status === 'loaded'`,
  )
}
