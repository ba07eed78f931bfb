/** Policies on a real database: which one a country follows, documents that stay readable, past closures under a draft. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadFactsOf } from '../src/closure/facts-store.ts'
import { person } from '../src/main/demo-person.ts'
import { draftOf, policyPublishCommand, policySimulateCommand } from '../src/main/policy.ts'
import { packOf } from '../src/policy/packs.ts'
import type { Policy } from '../src/policy/policy.ts'
import { currentPolicy, pinnedPolicy, seedPolicies } from '../src/policy/store.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

test('people can live wherever a policy is followed; a member state without its own has the Union’s', async () => {
  const ana = await member(platform, { country: 'ES' })
  const { body: operator } = await ana.get('/v1/operator')
  expect(operator.residence).toEqual(expect.arrayContaining(['ES', 'GB', 'JP']))
  expect(operator.residence).not.toContain('EU')
  const asks = (country: string) => operator.signInFirst.includes(country)
  expect(['BR', 'FR', 'DE'].map(asks)).toEqual([true, true, false])
  // What leaving is called there, before anything is begun.
  const own = { withdraw: { en: 'withdraw from contract here' }, withdrawDays: 14 }
  expect(operator.leaving['ES']).toMatchObject({ open: {}, ...own })
  expect(operator.leaving['DE'].open.de).toBe('Verträge hier kündigen')
  expect(operator.leaving['US-CA']).toMatchObject({ open: { en: 'click to cancel' } })
  expect(operator.leaving['IN']).toBeUndefined()
  const { lineId } = await buyLine(ana)
  const draft = await draftClosure(ana, 'line', lineId)
  expect(draft.policy.country).toBe('EU')
  expect(draft.policy.buttonLabels['withdraw.open']).toEqual({ en: 'withdraw from contract here' })
  expect(await currentPolicy(platform.db, 'CH', platform.clock.now())).toBeUndefined()
}, 60_000)

test('who lives in California closes under its own rules, and elsewhere in the country under that country’s', async () => {
  const sue = await member(platform, { country: 'US' })
  const { body: operator } = await sue.get('/v1/operator')
  expect([operator.regions, operator.residence.includes('US-CA')]).toEqual([['US-CA'], false])
  const { lineId } = await buyLine(sue)
  const policyOf = async () => {
    const { body: draft } = await sue.post('/v1/closures', { scope: 'line', lineId })
    await sue.post(`/v1/closures/${draft.caseId}/withdraw`)
    return draft.policy
  }
  expect((await policyOf()).country).toBe('US')
  const moved = await sue.patch('/v1/me', { country: 'US', region: 'CA' })
  expect([moved.body.country, moved.body.region]).toEqual(['US', 'CA'])
  const { country, buttonLabels } = await policyOf()
  expect([country, buttonLabels['close.open'].en]).toEqual(['US-CA', 'click to cancel'])
  // What else changes leaves it; another country has no part of that name; one without rules of its own follows the country.
  await sue.patch('/v1/me', { name: 'Sue Bay' })
  expect((await policyOf()).country).toBe('US-CA')
  await sue.patch('/v1/me', { country: 'US', region: 'NY' })
  expect((await policyOf()).country).toBe('US')
  const away = await sue.patch('/v1/me', { country: 'GB' })
  expect(away.body.region).toBeNull()
  expect((await sue.patch('/v1/me', { country: 'US', region: 'California' })).status).toBe(422)
  await sue.patch('/v1/me', { country: 'US', region: 'CA' })
  const draft = await draftClosure(sue, 'line', lineId)
  await submit(sue, draft)
  const { policy_country: pinned } = await platform.db
    .selectFrom('closure_case')
    .select('policy_country')
    .where('case_id', '=', draft.caseId)
    .executeTakeFirstOrThrow()
  expect(pinned).toBe('US-CA')
}, 60_000)

test('a document of the first format stays as it was published, readable, and behind the newer one', async () => {
  const source = { source: 'Violet default', confidence: 'D' }
  const keep = { for: 'P6Y', basis: 'proof of closing' }
  const first = {
    country: 'GB',
    version: 1,
    review: 'operator: have this reviewed',
    timeZone: 'Europe/London',
    rules: {
      reasonMode: { value: 'required', ...source },
      coolingOff: { value: 'PT3H', ...source },
      autoApprove: { value: true, ...source },
      reviewSla: { value: 'PT24H', ...source },
      ifLate: { value: 'approved', ...source },
      paidDispositions: { value: ['refund'], ...source },
      promotionalDispositions: { value: ['give-up'], ...source },
      promoRefundable: { value: false, ...source },
      refundDeadline: { value: 'P14D', ...source },
      driftTolerance: { value: { GBP: '1.00' }, ...source },
      quarantineMin: { value: 'P30D', ...source },
      buttonLabels: { value: { 'close.open': {}, 'close.confirm': {} }, ...source },
      retention: {
        value: { invoices: keep, usage: keep, certificate: keep, contacts: keep },
        ...source,
      },
    },
  }
  const now = platform.clock.now()
  await platform.db
    .insertInto('policy_version')
    .values({ country: 'GB', version: 1, document: first, published_at: now })
    .execute()
  await seedPolicies(platform.db, now)
  expect(
    await pinnedPolicy(platform.db, { country: 'GB', version: 1, segment: 'consumer' }, now),
  ).toMatchObject(first)
  expect((await currentPolicy(platform.db, 'GB', platform.clock.now()))?.version).toBe(2)
})

test('a checked document becomes the next version, once; open cases keep theirs, drafts follow it', async () => {
  const lin = await member(platform, { country: 'IT' })
  const { lineId } = await buyLine(lin)
  const draft = await draftClosure(lin, 'line', lineId)
  await submit(lin, draft)
  const publish = async (document: object, dryRun = false) => {
    let said = ''
    const out = (text: string) => void (said += text)
    const flags = { dryRun, json: true }
    const url = platform.config.databaseUrl
    expect(await policyPublishCommand(url, document as Policy, flags, { out, err: out })).toBe(0)
    return JSON.parse(said)
  }
  const pack = packOf('IT')
  expect(await publish(pack)).toMatchObject({ isNew: false, changed: [], version: pack.version })
  const reasonMode = { ...pack.rules.reasonMode, value: 'required' as const }
  const changed = { ...pack, rules: { ...pack.rules, reasonMode } }
  const next = { country: 'IT', version: pack.version + 1, changed: ['rules.reasonMode'] }
  expect(await publish(changed, true)).toMatchObject({ ...next, isNew: false })
  expect((await currentPolicy(platform.db, 'IT', platform.clock.now()))?.version).toBe(pack.version)
  const both = await Promise.all([publish(changed), publish(changed)])
  expect(both.map(({ isNew }) => isNew).toSorted()).toEqual([false, true])
  expect(
    (await currentPolicy(platform.db, 'IT', platform.clock.now()))?.rules.reasonMode.value,
  ).toBe('required')
  const { lineId: other } = await buyLine(lin)
  const { body: later } = await lin.post('/v1/closures', { scope: 'line', lineId: other })
  expect([later.policy.version, later.policy.reasonMode]).toEqual([next.version, 'required'])
  const { body: pinned } = await lin.get(`/v1/closures/${draft.caseId}`)
  expect([pinned.policy.version, pinned.policy.reasonMode]).not.toContain('required')
  const folder = mkdtempSync(join(tmpdir(), 'violet-policy-'))
  writeFileSync(join(folder, 'bad.json'), JSON.stringify({ ...changed, colour: 'blue' }))
  expect(() => draftOf(join(folder, 'bad.json'), 'XX')).toThrow(/colour/)
  rmSync(folder, { recursive: true })
}, 60_000)

test('the next version is written by one and published by another, with what is wrong named by its line', async () => {
  const [writer, colleague, support] = [person(platform), person(platform), person(platform)]
  await writer.signInAsStaff('finance@violet.example')
  await colleague.signInAsStaff('admin@violet.example')
  await support.signInAsStaff('support@violet.example')
  const at = '/v1/staff/policies/BE'
  const pack = packOf('BE')
  const { body: start } = await writer.get(`${at}/draft`)
  expect([start.version, start.held, start.errors]).toEqual([0, 'nothing-changed', []])
  expect(JSON.parse(start.text)).toEqual(pack)
  const save = (text: string, version: number, who = writer) =>
    who.put(`${at}/draft`, { text, version })
  const { body: broken } = await save(start.text.replace('"country": "BE",', '"country": "BE"'), 0)
  expect([broken.version, broken.document, broken.held]).toEqual([1, null, 'errors'])
  expect(broken.errors).toMatchObject([{ path: 'the document', line: 4 }])
  const wrong = start.text.replace('"reasonMode": {', '"reasonMode": {"colour": 1,')
  const { body: unknown } = await save(wrong, 1)
  const line = wrong.split('\n').findIndex((one: string) => one.includes('colour')) + 1
  expect(unknown.errors).toMatchObject([{ path: 'rules.reasonMode.colour', line }])
  const publish = (version: number, who = colleague) => who.post(`${at}/draft/publish`, { version })
  const refused = await publish(2)
  expect([refused.status, refused.body.errors[0].path]).toEqual([422, 'rules.reasonMode.colour'])
  expect((await save(start.text.replace('"BE"', '"NL"'), 2)).body.errors[0].path).toBe('country')

  const reasonMode = { ...pack.rules.reasonMode, value: 'required' }
  const text = JSON.stringify({ ...pack, rules: { ...pack.rules, reasonMode } }, null, 2)
  const both = await Promise.all([save(text, 3), save(`${text} `, 3, colleague)])
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
  const { body: saved } = await save(text, 4)
  expect([saved.changes, saved.held]).toEqual([['rules.reasonMode'], 'own-edit'])
  expect((await support.put(`${at}/draft`, { text, version: 5 })).status).toBe(403)
  expect((await publish(5, writer)).body.code).toBe('requester-cannot-decide')
  expect((await publish(4)).body.code).toBe('changed-meanwhile')
  expect(
    (await currentPolicy(platform.db, 'BE', platform.clock.now()))?.rules.reasonMode.value,
  ).toBe('none')
  const published = await Promise.all([publish(5), publish(5)])
  expect(published.map(({ status }) => status).toSorted()).toEqual([200, 409])
  expect(
    (await currentPolicy(platform.db, 'BE', platform.clock.now()))?.rules.reasonMode.value,
  ).toBe('required')
  const { body: versions } = await support.get(`${at}/versions`)
  expect(versions.items.map(({ version }: { version: number }) => version)).toEqual([
    pack.version + 1,
    pack.version,
  ])
  const { body: first } = await support.get(`${at}/versions/${pack.version}`)
  expect(first.document.rules.reasonMode.value).toBe('none')

  // Meanwhile somebody publishes by another way: the draft is looked at again before it is.
  const again = await save(text.replace('"required"', '"optional"'), 0)
  expect(again.body.version).toBe(1)
  const flags = { dryRun: false, json: true }
  const said = { out: () => undefined, err: () => undefined }
  await policyPublishCommand(platform.config.databaseUrl, pack, flags, said)
  expect((await publish(1)).body.code).toBe('changed-meanwhile')
  expect((await colleague.get(`${at}/draft`)).body.held).toBe('outdated')
  expect((await colleague.post(`${at}/draft/discard`, { version: 1 })).body.version).toBe(0)
  const { rows } = await sql<{ action: string; actor_id: string }>`
    select action, actor_id from audit_entry where subject_kind = 'policy' and subject_id like 'BE%'
    order by at`.execute(platform.db)
  expect(rows.map(({ action }) => action)).toEqual([
    ...Array.from({ length: 5 }, () => 'policy.draft-saved'),
    'policy.published',
    'policy.draft-saved',
    'policy.published',
    'policy.draft-discarded',
  ])
  expect(rows[5]?.actor_id).toBe('staff_mara')
}, 60_000)

test('a length that nobody can count with is named by its line, in the console as on the command line', async () => {
  const writer = person(platform)
  await writer.signInAsStaff('finance@violet.example')
  const pack = packOf('FR')
  const quarantineMin = { ...pack.rules.quarantineMin, value: 'P400000Y' }
  const document = { ...pack, rules: { ...pack.rules, quarantineMin } }
  const text = JSON.stringify(document, null, 2)
  const at = '/v1/staff/policies/FR/draft'
  const { status, body } = await writer.put(at, { text, version: 0 })
  const path = 'rules.quarantineMin.value'
  const line = text.split('\n').findIndex((one) => one.includes('P400000Y')) + 1
  expect([status, body.held, body.errors]).toMatchObject([200, 'errors', [{ path, line }]])
  await writer.post(`${at}/discard`, { version: 1 })
  const file = join(mkdtempSync(join(tmpdir(), 'violet-draft-')), 'fr.json')
  writeFileSync(file, text)
  expect(() => draftOf(file, undefined)).toThrow(/error: rules\.quarantineMin\.value: P400000Y/)
  rmSync(dirname(file), { recursive: true })
}, 60_000)

test('past closures are replayed under a draft: a prohibited payout, a review, a later end; nothing is written', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await topUp(lin, lineId, '20.00')
  const draft = await draftClosure(lin, 'line', lineId)
  await submit(lin, draft)
  await untilState(lin, draft.caseId, 'closed')
  const refunded = draft.quote.currencies[0].refund.amount
  const simulate = async (country: string, of = 'GB') => {
    let text = ''
    const out = (more: string) => void (text += more)
    const wanted = { of, json: true }
    const code = await policySimulateCommand(
      platform.app.config.databaseUrl,
      packOf(country),
      wanted,
      {
        out,
        err: out,
      },
    )
    expect(code).toBe(0)
    return JSON.parse(text)
  }
  expect(await simulate('JP')).toMatchObject({
    cases: 1,
    reviews: { before: 0, draft: 1 },
    ends: { sooner: 0, same: 0, later: 1 },
    refunds: { GBP: { before: refunded, draft: '0.00' } },
    choicesGone: 1,
    differing: 1,
    examples: [{ reference: draft.reference, before: { reviewed: false } }],
  })
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const path = '/v1/staff/policies/GB/draft'
  const text = JSON.stringify({ ...packOf('JP'), country: 'GB' })
  await reviewer.put(path, { text, version: 0 })
  expect((await reviewer.get(`${path}/replay`)).body).toMatchObject({
    cases: 1,
    isPart: false,
    reviews: { before: 0, draft: 1 },
    examples: [{ caseId: draft.caseId, draft: { reviewed: true, refunds: [] } }],
  })
  expect(await simulate('GB')).toMatchObject({
    cases: 1,
    reviews: { before: 0, draft: 0 },
    ends: { sooner: 0, same: 1, later: 0 },
    refunds: { GBP: { before: refunded, draft: refunded } },
    numbersFree: { sooner: 0, same: 1, later: 0 },
    choicesGone: 0,
    differing: 0,
    examples: [],
  })
  expect(await simulate('GB', 'FR')).toMatchObject({ cases: 0, refunds: {} })
}, 60_000)

test('what a policy says of businesses holds for who is one, and for the case as it was submitted', async () => {
  const facts = { source: 'test', confidence: 'D' } as const
  await publishFor(platform, 'LT', {
    reasonMode: {
      value: 'none',
      ...facts,
      variants: [{ value: 'required', ...facts, segment: ['business'] }],
    },
    autoApprove: { value: false, ...facts },
    reviewSla: { value: 'P10D', ...facts },
  })
  const firm = await member(platform, { country: 'LT' })
  expect((await firm.get('/v1/me')).body.segment).toBe('consumer')
  const { lineId } = await buyLine(firm)
  const draft = await draftClosure(firm, 'line', lineId)
  const modeOf = async (caseId: string, who = firm) =>
    (await who.get(`/v1/closures/${caseId}`)).body.policy.reasonMode
  expect(await modeOf(draft.caseId)).toBe('none')
  expect((await firm.patch('/v1/me', { segment: 'state' })).status).toBe(422)
  expect((await firm.patch('/v1/me', { segment: 'business' })).body.segment).toBe('business')
  // What else changes leaves it.
  expect((await firm.patch('/v1/me', { name: 'Amber Ltd' })).body.segment).toBe('business')
  expect(await modeOf(draft.caseId)).toBe('required')
  expect((await submit(firm, draft)).body.code).toBe('reason-missing')
  await firm.patch(`/v1/closures/${draft.caseId}`, { reason: 'privacy' })
  expect((await submit(firm, (await firm.get(`/v1/closures/${draft.caseId}`)).body)).status).toBe(
    202,
  )
  await firm.patch('/v1/me', { segment: 'consumer' })
  expect(await modeOf(draft.caseId)).toBe('required')
  const other = await draftClosure(firm, 'line', (await buyLine(firm)).lineId)
  expect(await modeOf(other.caseId)).toBe('none')
  const one = await member(platform, { country: 'LT' })
  const apart = await draftClosure(one, 'line', (await buyLine(one)).lineId)
  expect(await modeOf(apart.caseId, one)).toBe('none')
  // Both in one set, as the worker reads them.
  const { rows } = await sql<{ subscriberId: string; lineId: string; segment: 'consumer' }>`
    select subscriber_id as "subscriberId", line_id as "lineId", policy_segment as segment from closure_case
    where case_id in (${draft.caseId}, ${apart.caseId}) order by created_at`.execute(platform.db)
  const asked = rows.map(({ segment, ...row }) => {
    const pin = { at: platform.clock.now(), of: { country: 'LT', version: 1, segment } }
    return { ...row, pin, scope: 'line' as const, closingLines: null }
  })
  const both = await platform.db.transaction().execute((trx) => loadFactsOf(trx, asked))
  expect(both.map((facts) => facts?.policy.rules.reasonMode.value)).toEqual(['required', 'none'])
}, 60_000)

test('a rule acts from its first day to its last, and a case keeps what held when it was received', async () => {
  const today = platform.clock.now().toZonedDateTimeISO('Europe/London').toPlainDate()
  const inDays = (days: number) => today.add({ days }).toString()
  await publishFor(platform, 'LU', {
    reasonMode: {
      value: 'required',
      source: 'test',
      confidence: 'D',
      validFrom: inDays(2),
      validTo: inDays(4),
    },
    autoApprove: { value: false, source: 'test', confidence: 'D' },
    reviewSla: { value: 'P10D', source: 'test', confidence: 'D' },
  })
  const eve = await member(platform, { country: 'LU' })
  const { lineId } = await buyLine(eve)
  const draft = await draftClosure(eve, 'line', lineId)
  const again = async () => (await eve.get(`/v1/closures/${draft.caseId}`)).body
  expect((await again()).policy.reasonMode).toBe('optional')
  platform.clock.advance({ hours: 48 })
  expect((await again()).policy.reasonMode).toBe('required')
  expect((await submit(eve, await again())).body.code).toBe('reason-missing')
  await eve.patch(`/v1/closures/${draft.caseId}`, { reason: 'privacy' })
  expect((await submit(eve, await again())).status).toBe(202)
  platform.clock.advance({ hours: 24 * 4 })
  // Over by now for anybody else.
  expect((await again()).policy.reasonMode).toBe('required')
  const late = await member(platform, { country: 'LU' })
  const other = await draftClosure(late, 'line', (await buyLine(late)).lineId)
  expect(other.policy.reasonMode).toBe('optional')
}, 60_000)

test('a rule begins with the day where the policy is, also where that is no full hour of the world’s', async () => {
  const zoned = platform.clock.now().toZonedDateTimeISO('Asia/Kolkata')
  const midnight = zoned.add({ days: 2 }).startOfDay()
  const validFrom = midnight.toPlainDate().toString()
  const required = { value: 'required', source: 'test', confidence: 'D', validFrom } as const
  const pack = packOf('GB')
  const rules = { ...pack.rules, reasonMode: required }
  const document = { ...pack, country: 'EE', version: 1, timeZone: 'Asia/Kolkata', rules }
  const published_at = platform.clock.now()
  await platform.db
    .insertInto('policy_version')
    .values({ country: 'EE', version: 1, document, published_at })
    .execute()
  const asha = await member(platform, { country: 'EE' })
  const { lineId } = await buyLine(asha)
  const draft = await draftClosure(asha, 'line', lineId)
  const modeAt = async (moment: Temporal.Instant) => {
    platform.clock.advance(platform.clock.now().until(moment, { largestUnit: 'hours' }))
    return (await asha.get(`/v1/closures/${draft.caseId}`)).body.policy.reasonMode
  }
  expect(await modeAt(midnight.subtract({ minutes: 2 }).toInstant())).toBe('optional')
  expect(await modeAt(midnight.add({ minutes: 2 }).toInstant())).toBe('required')
}, 60_000)
