/** Policies on a real database: which one a country follows, documents that stay readable, past closures under a draft. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { draftOf, policyPublishCommand, policySimulateCommand } from '../src/main/policy.ts'
import { packOf } from '../src/policy/packs.ts'
import type { Policy } from '../src/policy/policy.ts'
import { currentPolicy, pinnedPolicy, seedPolicies } from '../src/policy/store.ts'
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
  const { lineId } = await buyLine(ana)
  const draft = await draftClosure(ana, 'line', lineId)
  expect(draft.policy.country).toBe('EU')
  expect(draft.policy.buttonLabels['withdraw.open']).toEqual({ en: 'withdraw from contract here' })
  expect(await currentPolicy(platform.db, 'CH')).toBeUndefined()
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
  expect(await pinnedPolicy(platform.db, 'GB', 1)).toMatchObject(first)
  expect((await currentPolicy(platform.db, 'GB'))?.version).toBe(2)
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
  expect((await currentPolicy(platform.db, 'IT'))?.version).toBe(pack.version)
  const both = await Promise.all([publish(changed), publish(changed)])
  expect(both.map(({ isNew }) => isNew).toSorted()).toEqual([false, true])
  expect((await currentPolicy(platform.db, 'IT'))?.rules.reasonMode.value).toBe('required')
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
  })
  expect(await simulate('GB')).toMatchObject({
    cases: 1,
    reviews: { before: 0, draft: 0 },
    ends: { sooner: 0, same: 1, later: 0 },
    refunds: { GBP: { before: refunded, draft: refunded } },
    numbersFree: { sooner: 0, same: 1, later: 0 },
    choicesGone: 0,
  })
  expect(await simulate('GB', 'FR')).toMatchObject({ cases: 0, refunds: {} })
}, 60_000)
