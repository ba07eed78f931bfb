/** Two platforms: one operator orders its lines' profiles at the other's SM-DP+, as at any certified one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { downloadProfile, type Es9, sendNotifications } from '../simulators/phone/assistant.ts'
import { makeProfiles } from '../src/esim/stock-steps.ts'
import { addStock } from '../src/esim/stock-store.ts'
import { until } from '../src/main/demo-person.ts'
import type { Config, SmdpPlace } from '../src/platform/config.ts'
import { chipOf, operator, operatorKeys } from './es2-lab.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, pay, submit, untilState } from './way.ts'

const requester = '2.999.30'
const kind = { owner: requester, profileType: 'gold' }
let folder: string
let smdp: TestPlatform
let ours: TestPlatform
/** What the SM-DP+ is asked to tell; filled in once the other side has an address. */
const callbacks: Record<string, string> = {}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'violet-partner-'))
  const callbackCaFile = join(folder, 'callback-ca.pem')
  smdp = await testPlatform({
    change: ({ es2 }) => ({ es2: { ...es2!, callbacks, callbackCaFile } }),
  })
  const { ca, cert, key } = operatorKeys(join(smdp.config.dataDir, 'rsp/es2'), requester)
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const place: SmdpPlace = {
    url: smdp.config.es2?.url ?? '',
    caFile: file('ca.pem', ca),
    certFile: file('client.pem', cert),
    keyFile: file('client-key.pem', key),
    requester,
    profileType: kind.profileType,
  }
  ours = await testPlatform({ change: (): Partial<Config> => ({ smdp: place }) })
  writeFileSync(callbackCaFile, ours.gateways.rsp.es2.ca)
})
afterAll(async () => {
  await Promise.all([smdp?.close(), ours?.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** Made there, and delivered here as a list, as SIM vendors deliver. */
async function delivered(count: number): Promise<void> {
  const iccids = await makeProfiles(smdp.app, kind, count)
  const rows = await smdp.db
    .selectFrom('profile_stock')
    .select(['iccid', 'imsi'])
    .where('iccid', 'in', iccids)
    .execute()
  await addStock(
    ours.db,
    ours.clock.now(),
    kind,
    rows.map((row) => ({ ...row, subscription: null })),
  )
}

const es9: Es9 = async (_address, name, body) => {
  const response = await fetch(`${smdp.url}/gsma/rsp2/es9plus/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const stockAt = (platform: TestPlatform, iccid: string) =>
  platform.db
    .selectFrom('profile_stock')
    .selectAll()
    .where('iccid', '=', iccid)
    .executeTakeFirstOrThrow()

async function sold() {
  const someone = await member(ours)
  const { lineId } = await buyLine(someone)
  const { body } = await someone.get(`/v1/lines/${lineId}/installation`)
  const { iccid } = await ours.db
    .selectFrom('profile')
    .select('iccid')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const wish = { smdpAddress: body.manual.address, matchingId: body.manual.matchingId }
  return { someone, lineId, iccid, wish, activationCode: body.activationCode as string }
}

test('ordered there, downloaded from there; the line begins when the SM-DP+ tells of the installation', async () => {
  await delivered(1)
  callbacks[requester] = ours.config.es2?.url ?? ''
  const { someone, lineId, iccid, wish, activationCode } = await sold()
  const address = new URL(smdp.url).host
  expect(wish.smdpAddress).toBe(address)
  expect(activationCode).toBe(`LPA:1$${address}$${wish.matchingId}`)
  expect(await stockAt(smdp, iccid)).toMatchObject({ state: 'released', owner: requester })
  const chip = chipOf(smdp.config.dataDir)
  expect(await downloadProfile(es9, chip, wish)).toEqual({ kind: 'installed', iccid })
  const line = async () => (await someone.get(`/v1/lines/${lineId}`)).body
  await until(line, ({ profile }) => profile.state === 'downloaded')
  expect(await sendNotifications(es9, chip)).toBe(1)
  const active = await until(line, ({ state }) => state === 'active')
  expect(active.profile.state).toBe('installed')
  const { rows } = await ours.db.executeQuery<{ action: string }>(
    ours.db
      .selectFrom('audit_entry')
      .select('action')
      .where('subject_id', '=', lineId)
      .where('action', 'like', 'profile-%')
      .orderBy('at')
      .compile(),
  )
  expect(rows.map(({ action }) => action)).toEqual([
    'profile-released',
    'profile-downloaded',
    'profile-installed',
  ])
}, 60_000)

test('closed before the download: the order is cancelled there, and no phone gets it any more', async () => {
  await delivered(1)
  const { someone, lineId, iccid, wish } = await sold()
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  expect(await stockAt(smdp, iccid)).toMatchObject({ state: 'unavailable', subscription: null })
  const refused = await downloadProfile(es9, chipOf(smdp.config.dataDir), wish)
  expect(refused).toMatchObject({ kind: 'refused', subjectCode: '8.2.6' })
  const { body } = await someone.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(body.certificate.lines[0].profileRemoval).toBe('never-downloaded')
}, 60_000)

test('closed after a download that nobody told us of: the certificate does not say that it never was', async () => {
  await delivered(1)
  delete callbacks[requester]
  const { someone, lineId, iccid, wish } = await sold()
  const chip = chipOf(smdp.config.dataDir)
  expect(await downloadProfile(es9, chip, wish)).toMatchObject({ kind: 'installed' })
  expect((await stockAt(smdp, iccid)).state).toBe('downloaded')
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  const { body } = await someone.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(body.certificate.lines[0].profileRemoval).toBe('unconfirmed')
  const profile = () =>
    ours.db.selectFrom('profile').selectAll().where('iccid', '=', iccid).executeTakeFirstOrThrow()
  const ended = await profile()
  // Told late, twice, or of somebody else's, it changes nothing.
  const keys = operatorKeys(join(smdp.config.dataDir, 'rsp/es2'), '2.999.10')
  const told = operator(
    Number(new URL(ours.config.es2?.url ?? '').port),
    { ...keys, ca: ours.gateways.rsp.es2.ca },
    '2.999.10',
  )
  const point = (more: object) =>
    told.call('handleDownloadProgressInfo', {
      iccid: `${iccid}F`,
      profileType: 'gold',
      timestamp: '2030-01-01T00:00:00Z',
      notificationPointId: 4,
      notificationPointStatus: { status: 'Executed-Success' },
      ...more,
    })
  expect((await point({})).status).toBe(204)
  expect((await point({ iccid: '12' })).status).toBe(204)
  expect((await told.raw('handleDownloadProgressInfo', '{')).status).toBe(204)
  expect(await profile()).toEqual(ended)
  // Who reports downloads orders nothing here.
  const order = await told.call('downloadOrder', { profileType: 'gold' })
  expect(order.body.header.functionExecutionStatus.statusCodeData.subjectCode).toBe('1.1')
  told.close()
}, 60_000)

test('without a profile left the order is not sold, and the money goes back', async () => {
  const someone = await member(ours)
  const { body: catalog } = await someone.get('/v1/plans')
  const { planId } = catalog.plans.find(({ hasNumber }: { hasNumber: boolean }) => !hasNumber)
  const { body: order } = await someone.post('/v1/orders', { planId })
  await pay(order.checkoutUrl)
  const ended = await until(
    async () => (await someone.get(`/v1/orders/${order.orderId}`)).body,
    ({ state }) => state === 'expired' || state === 'paid',
  )
  expect(ended.state).toBe('expired')
}, 60_000)
