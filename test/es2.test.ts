/** ES2+ over mutual TLS on a real database: what operators order, what phones then get, and what is refused. */
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { downloadProfile, type Es9, sendNotifications } from '../simulators/phone/assistant.ts'
import { keepStock, makeProfiles } from '../src/esim/stock-steps.ts'
import { countStock, ownProfileType, ownRequester } from '../src/esim/stock-store.ts'
import { openEs2Server } from '../src/main/es2-server.ts'
import { profilesListCommand, profilesMakeCommand, readMakeFlags } from '../src/main/profiles.ts'
import { chipOf, foreignKeys, operator, operatorKeys, outcome } from './es2-lab.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

let platform: TestPlatform
let server: Awaited<ReturnType<typeof openEs2Server>>
let port: number
let other: ReturnType<typeof operator>
const requester = '2.999.21'
const kind = { owner: requester, profileType: 'travel' }

beforeAll(async () => {
  platform = await testPlatform()
  const { rsp } = platform.gateways
  server = await openEs2Server(platform.app, rsp.es2, rsp.smdp.address)
  await server.listen({ port: 0, host: '127.0.0.1' })
  port = (server.server.address() as AddressInfo).port
  other = operator(port, operatorKeys(pki(), requester), requester)
})
afterAll(async () => {
  other.close()
  await server.close()
  await platform.close()
})

const pki = () => join(platform.config.dataDir, 'rsp/es2')
const oneMade = async () => (await makeProfiles(platform.app, kind, 1))[0] ?? ''
const wire = (iccid: string) => `${iccid}F`

const stockOf = (iccid: string) =>
  platform.db
    .selectFrom('profile_stock')
    .selectAll()
    .where('iccid', '=', iccid)
    .executeTakeFirstOrThrow()

const es9: Es9 = async (_address, name, body) => {
  const response = await fetch(`${platform.url}/gsma/rsp2/es9plus/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

/** Ordered, confirmed and released at once; gives what a phone needs. */
async function released(iccid: string, more: object = {}) {
  expect(outcome(await other.call('downloadOrder', { iccid: wire(iccid) }))).toBe(
    'Executed-Success',
  )
  const confirmed = await other.call('confirmOrder', {
    iccid: wire(iccid),
    releaseFlag: true,
    ...more,
  })
  expect(outcome(confirmed)).toBe('Executed-Success')
  return { smdpAddress: confirmed.body.smdpAddress, matchingId: confirmed.body.matchingId }
}

test('ordered by type, confirmed, released, downloaded, installed; each state in the trail', async () => {
  const [iccid = ''] = await makeProfiles(platform.app, kind, 2)
  const ordered = await other.call('downloadOrder', { profileType: 'travel' })
  expect(ordered.body).toMatchObject({ iccid: wire(iccid) })
  expect((await stockOf(iccid)).state).toBe('allocated')
  const early = { smdpAddress: new URL(platform.url).host, matchingId: 'TOO-EARLY-TO-KNOW' }
  const asked = { iccid: wire(iccid), matchingId: early.matchingId, releaseFlag: false }
  const confirmed = await other.call('confirmOrder', asked)
  expect(confirmed.body).toMatchObject(early)
  expect(await downloadProfile(es9, chipOf(platform.config.dataDir), early)).toMatchObject({
    subjectCode: '8.2',
    reasonCode: '1.2',
  })
  expect(outcome(await other.call('releaseProfile', { iccid: wire(iccid) }))).toBe(
    'Executed-Success',
  )
  const chip = chipOf(platform.config.dataDir)
  expect(await downloadProfile(es9, chip, early)).toEqual({ kind: 'installed', iccid })
  expect((await stockOf(iccid)).state).toBe('downloaded')
  expect(await sendNotifications(es9, chip)).toBe(1)
  expect(await stockOf(iccid)).toMatchObject({ state: 'installed', binding: null })
  const { rows } = await sql<{ actor: string; action: string; state: string }>`
    select actor, action, state from profile_event where iccid = ${iccid} order by version`.execute(
    platform.db,
  )
  expect(rows.map(({ actor, action, state }) => `${actor} ${action} ${state}`)).toEqual([
    'violet made available',
    '2.999.21 downloadOrder allocated',
    '2.999.21 confirmOrder confirmed',
    '2.999.21 releaseProfile released',
    'phone downloaded downloaded',
    'phone install installed',
  ])
})

test('an order for an EID is for that eUICC alone', async () => {
  const iccid = await oneMade()
  const chip = chipOf(platform.config.dataDir)
  const { eid } = chip.euicc
  await other.call('downloadOrder', { iccid: wire(iccid), eid })
  expect((await stockOf(iccid)).state).toBe('linked')
  const confirm = (more: object) =>
    other.call('confirmOrder', { iccid: wire(iccid), releaseFlag: true, ...more })
  const stranger = chipOf(platform.config.dataDir)
  expect(outcome(await confirm({ eid: stranger.euicc.eid }))).toBe('8.1.1/3.10')
  const { body } = await confirm({ eid })
  expect(body.eid).toBe(eid)
  const wish = { smdpAddress: body.smdpAddress, matchingId: body.matchingId }
  expect(await downloadProfile(es9, stranger, wish)).toMatchObject({
    subjectCode: '8.1.1',
    reasonCode: '3.8',
  })
  expect(await downloadProfile(es9, chip, wish)).toEqual({ kind: 'installed', iccid })
})

test('a confirmation code: only its hash is kept, a wrong one is counted, the last one ends the order', async () => {
  const iccid = await oneMade()
  const wish = await released(iccid, { confirmationCode: '739251' })
  expect(JSON.stringify(await stockOf(iccid))).not.toContain('739251')
  const withCode = (confirmationCode?: string) =>
    downloadProfile(es9, chipOf(platform.config.dataDir), {
      ...wish,
      ...(confirmationCode !== undefined && { confirmationCode }),
    })
  for (let wrong = 1; wrong < 5; wrong++)
    expect(await withCode('111111')).toMatchObject({ subjectCode: '8.2.7', reasonCode: '3.8' })
  expect((await stockOf(iccid)).confirmation_failures).toBe(4)
  expect(await withCode('222222')).toMatchObject({ subjectCode: '8.2.7', reasonCode: '6.4' })
  expect((await stockOf(iccid)).state).toBe('error')
  expect(await withCode('739251')).toMatchObject({ subjectCode: '8.2.6' })
  // Made anew, with another code.
  const anew = { iccid: wire(iccid), finalProfileStatusIndicator: 'Available' }
  expect(outcome(await other.call('cancelOrder', anew))).toBe('Executed-Success')
  const again = await released(iccid, { confirmationCode: '440066' })
  const chip = chipOf(platform.config.dataDir)
  const right = { ...again, confirmationCode: '440066' }
  expect(await downloadProfile(es9, chip, right)).toEqual({ kind: 'installed', iccid })
})

test('the same call again has the same answer and changes nothing', async () => {
  await makeProfiles(platform.app, kind, 3)
  const order = () => other.call('downloadOrder', { profileType: 'travel' }, 'call-1')
  const all = await Promise.all([order(), order(), order()])
  const iccids = new Set(all.map(({ body }) => body.iccid))
  expect(iccids.size).toBe(1)
  const iccid = [...iccids][0] as string
  const confirm = () => other.call('confirmOrder', { iccid, releaseFlag: false }, 'call-2')
  const first = await confirm()
  expect((await confirm()).body).toEqual(first.body)
  const release = () => other.call('releaseProfile', { iccid }, 'call-3')
  expect([outcome(await release()), outcome(await release())]).toEqual([
    'Executed-Success',
    'Executed-Success',
  ])
  expect(outcome(await other.call('releaseProfile', { iccid }, 'call-4'))).toBe('8.2.1/3.5')
  const cancel = () =>
    other.call('cancelOrder', { iccid, finalProfileStatusIndicator: 'Unavailable' }, 'call-5')
  expect([outcome(await cancel()), outcome(await cancel())]).toEqual([
    'Executed-Success',
    'Executed-Success',
  ])
  // A call is the same only as long as no other came between.
  expect(outcome(await release())).toBe('8.2.1/3.5')
  expect(await stockOf(iccid.replace('F', ''))).toMatchObject({
    state: 'unavailable',
    version: 4,
    subscription: null,
  })
})

test('what an order may not do is refused with the code of the specification, and changes nothing', async () => {
  const iccid = await oneMade()
  const unknown = '8944990009999999999'
  const luhn = [...'0123456789'].map((digit) => unknown.slice(0, -1) + digit)
  const refusals: [string, object, string][] = [
    ['downloadOrder', {}, '1.3.1/2.2'],
    ['downloadOrder', { iccid: '12' }, '1.3.1/2.1'],
    ['downloadOrder', { iccid: wire(iccid), eid: '1'.repeat(32) }, '8.1.1/2.1'],
    ['downloadOrder', { iccid: wire(iccid), profileType: 'other' }, '8.2.5/3.8'],
    ['downloadOrder', { profileType: 'nobodys' }, '8.2.5/3.9'],
    ['confirmOrder', { iccid: wire(iccid), releaseFlag: true }, '8.2.1/3.3'],
    ['confirmOrder', { iccid: wire(iccid) }, '1.3.1/2.2'],
    ['confirmOrder', { iccid: wire(iccid), releaseFlag: 'yes' }, '1.3.1/2.1'],
    ['confirmOrder', { iccid: wire(iccid), releaseFlag: true, matchingId: 'a b' }, '8.2.6/2.1'],
    ['confirmOrder', { iccid: wire(iccid), releaseFlag: true, confirmationCode: '' }, '8.2.7/2.1'],
    [
      'confirmOrder',
      { iccid: wire(iccid), releaseFlag: true, smdsAddress: 'smds.example' },
      '8.9/5.1',
    ],
    ['releaseProfile', { iccid: wire(iccid) }, '8.2.1/3.5'],
    ['releaseProfile', {}, '1.3.1/2.2'],
    [
      'cancelOrder',
      { iccid: wire(iccid), finalProfileStatusIndicator: 'Unavailable' },
      '8.2.1/3.3',
    ],
    ['cancelOrder', { iccid: wire(iccid) }, '8.2.1/2.2'],
    ['cancelOrder', { iccid: wire(iccid), finalProfileStatusIndicator: 'Gone' }, '1.3.1/2.1'],
  ]
  for (const [name, body, code] of refusals)
    expect([name, body, outcome(await other.call(name, body))]).toEqual([name, body, code])
  const codes = await Promise.all(
    luhn.map(async (one) => outcome(await other.call('downloadOrder', { iccid: wire(one) }))),
  )
  expect(codes.filter((code) => code === '8.2.1/3.9')).toHaveLength(1)
  expect(codes.filter((code) => code === '1.3.1/2.1')).toHaveLength(9)
  expect(await stockOf(iccid)).toMatchObject({ state: 'available', version: 0, taken: false })

  const wish = await released(iccid)
  const second = await oneMade()
  await other.call('downloadOrder', { iccid: wire(second) })
  const taken = { iccid: wire(second), releaseFlag: true, matchingId: wish.matchingId }
  expect(outcome(await other.call('confirmOrder', taken))).toBe('8.2.6/3.3')
  const cancel = (more: object) =>
    other.call('cancelOrder', {
      iccid: wire(iccid),
      finalProfileStatusIndicator: 'Unavailable',
      ...more,
    })
  expect(outcome(await cancel({ matchingId: 'ANOTHER' }))).toBe('8.2.6/3.10')
  const chip = chipOf(platform.config.dataDir)
  expect(await downloadProfile(es9, chip, wish)).toMatchObject({ kind: 'installed' })
  // From the download on it is too late.
  expect(outcome(await cancel({}))).toBe('8.2.1/3.3')
  expect((await stockOf(iccid)).state).toBe('downloaded')
})

test('nobody orders without a certificate, with a foreign one, or in the name of somebody else', async () => {
  const iccid = await oneMade()
  const ask = (who: ReturnType<typeof operator>) =>
    who.call('downloadOrder', { iccid: wire(iccid) }).finally(() => who.close())
  const { ca } = operatorKeys(pki(), requester)
  const shut = /certificate|reset|alert|hang up/i
  await expect(ask(operator(port, { ca }, requester))).rejects.toThrow(shut)
  const foreign = { ...(await foreignKeys()), ca }
  await expect(ask(operator(port, foreign, ownRequester))).rejects.toThrow(shut)
  // An eUICC's certificate is under the CI, and the CI is not asked here.
  const chip = join(platform.config.dataDir, 'rsp/nist')
  const [name = ''] = readdirSync(join(chip, 'euicc')).filter((file) => !file.includes('-key'))
  const euicc = {
    ca,
    cert: readFileSync(join(chip, 'euicc', name), 'utf8'),
    key: readFileSync(join(chip, 'euicc', name.replace('.pem', '-key.pem')), 'utf8'),
  }
  await expect(ask(operator(port, euicc, requester))).rejects.toThrow(shut)

  const third = operatorKeys(pki(), '2.999.22')
  expect(outcome(await ask(operator(port, third, requester)))).toBe('1.1/1.1')
  expect(outcome(await ask(operator(port, third, '2.999.22')))).toBe('8.2.1/1.2')
  expect((await stockOf(iccid)).state).toBe('available')
})

test('what is not the protocol is answered by it, with status 200', async () => {
  const before = await countStock(platform.db)
  const names = ['downloadOrder', 'confirmOrder', 'cancelOrder', 'releaseProfile']
  const bodies = ['{', '', 'null', '[]', '"x"', '{"header":[]}', '{"__proto__":{"iccid":"1"}}']
  for (const name of names)
    for (const body of [...bodies, JSON.stringify({ header: 'A'.repeat(1_000_000) })]) {
      const answer = await other.raw(name, body)
      expect([name, body.slice(0, 40), answer.status]).toEqual([name, body.slice(0, 40), 200])
      expect(outcome(answer)).toMatch(/^1\.3\.1\//)
    }
  expect(await countStock(platform.db)).toEqual(before)
})

test('a hundred orders at once of the last ten profiles: each has another, the rest are refused', async () => {
  const type = { owner: requester, profileType: 'rare' }
  const iccids = await makeProfiles(platform.app, type, 10)
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => other.call('downloadOrder', { profileType: 'rare' })),
  )
  const won = answers.filter((one) => outcome(one) === 'Executed-Success')
  expect(won.map(({ body }) => body.iccid).sort()).toEqual(iccids.map(wire).sort())
  const lost = answers.filter((one) => outcome(one) !== 'Executed-Success')
  expect(new Set(lost.map(outcome))).toEqual(new Set(['8.2.5/3.7']))
})

test('the stock is kept by the platform and told by the command line', async () => {
  const own = { owner: ownRequester, profileType: ownProfileType }
  await keepStock(platform.app)
  await keepStock(platform.app)
  const free = (await countStock(platform.db)).find(
    (one) => one.owner === own.owner && one.state === 'available',
  )
  expect(free).toMatchObject({ ...own, free: 100 })
  let text = ''
  const write = (more: string) => (text += more)
  const flags = { count: '3', owner: '2.999.23', type: 'iot', json: true }
  await profilesMakeCommand(platform.config, readMakeFlags(flags), true, write)
  expect(JSON.parse(text)).toMatchObject({ made: 3, owner: '2.999.23', profileType: 'iot' })
  text = ''
  await profilesListCommand(platform.config, false, write)
  expect(text).toMatch(/^2\.999\.23 +iot +available +3 +3$/m)
  for (const bad of [{ count: '0' }, { count: 'x' }, { owner: 'me' }, { type: 'a b' }])
    expect(() => readMakeFlags({ ...flags, ...bad })).toThrow(/is expected|are expected/)
})
