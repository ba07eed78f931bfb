/** What a phone does: installs and deletes eSIMs, registers on networks, uses them, and reports to the operator. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/platform/clock.ts'
import type { Database } from '../database.ts'
import { Problem } from '../host.ts'
import { firstIn, type Network, networkOf } from '../networks.ts'
import type { Outbox } from '../outbox.ts'
import { type Answer, type Connections, downloadFailure } from './calls.ts'
import {
  type PhoneRow,
  phoneOf,
  phonesOf,
  profileOf,
  type ProfileRow,
  profilesOf,
} from './store.ts'

export type Means = {
  db: Database
  clock: Clock
  outbox: Outbox
  connections: Connections
  installMs: number
  stopping: AbortSignal
}

export type Device = ReturnType<typeof openDevice>

const nowMs = ({ clock }: Means) => clock.now().epochMilliseconds

export function openDevice(means: Means) {
  const attaching = openAttaching(means)
  const later = (work: Promise<unknown>) => void work.catch(() => {})
  resume(means, (work) => later(work.then(attaching.wake)))
  return {
    async install(n: number, activationCode: string) {
      const iccid = await install(means, n, activationCode)
      attaching.wake()
      return profileOf(means.db, iccid)!
    },
    async use(n: number, iccid: string | undefined, use: Use) {
      const profile = chosen(means, n, iccid)
      return useNetwork(means, profile, use)
    },
    async travel(n: number, place: { country?: string; mccmnc?: string }) {
      travel(means, n, place)
      await attaching.now(n)
    },
    async enable(n: number, iccid: string, on: boolean) {
      const profile = chosen(means, n, iccid, 'any')
      await enable(means, profile, on)
      if (on) await attaching.now(n)
    },
    delete: (n: number, iccid?: string) => remove(means, chosen(means, n, iccid, 'any')),
    lookAround: () => attaching.lookAround(),
    stop: () => attaching.stop(),
  }
}

/** Of several eSIMs the newest that is on does the work, unless one is named. */
function chosen({ db }: Means, n: number, iccid?: string, which: 'enabled' | 'any' = 'enabled') {
  const profiles = profilesOf(db, phoneOf(db, n).n)
  const fits = ({ state }: ProfileRow) =>
    which === 'any' ? state !== 'installing' : state === 'enabled'
  const profile = profiles.find((one) => (iccid === undefined || one.iccid === iccid) && fits(one))
  if (profile) return profile
  if (iccid === undefined)
    throw new Problem(409, 'no-esim', 'No eSIM on this phone is switched on.')
  if (profiles.some((one) => one.iccid === iccid)) {
    throw new Problem(409, 'esim-off', 'This eSIM is switched off.')
  }
  throw new Problem(404, 'not-found', 'This eSIM is not on the phone.')
}

/** SGP.22 §4.1: `LPA:1$host$matchingId`, perhaps with an OID and a confirmation flag behind. */
export function readActivationCode(text: string): string | undefined {
  const [, matchingId] =
    /^LPA:1\$[A-Za-z0-9.:[\]-]+\$([A-Za-z0-9-]{1,64})(?:\$[\d.]*(?:\$[01]?)?)?$/i.exec(
      text.replaceAll(/\s/g, ''),
    ) ?? []
  return matchingId
}

function step({ db }: Means, n: number, to: PhoneRow['step'], failure = '', matchingId?: string) {
  db.run(
    `update phone set step = :to, failure = :failure, matching_id = coalesce(:matchingId, matching_id)
     where n = :n`,
    { n, to, failure, matchingId: matchingId ?? null },
  )
}

const underWay = ({ step: at }: PhoneRow) => at !== '' && at !== 'done' && at !== 'failed'

async function install(means: Means, n: number, activationCode: string): Promise<string> {
  const phone = phoneOf(means.db, n)
  if (underWay(phone)) throw new Problem(409, 'installing', 'The phone is installing another eSIM.')
  const matchingId = readActivationCode(activationCode)
  if (matchingId === undefined) {
    step(means, n, 'failed', 'code-malformed')
    throw new Problem(422, 'code-malformed', 'An activation code looks like LPA:1$host$matchingId.')
  }
  step(means, n, 'contacting', '', matchingId)
  return download(means, phone, matchingId)
}

const statusOf: Record<string, number> = {
  'server-unreachable': 503,
  'server-failed': 503,
  'code-unknown': 404,
}

async function download(means: Means, { n, eid }: PhoneRow, matchingId: string): Promise<string> {
  const { db, connections } = means
  await pause(means, 0.25)
  const answer = await connections.download(eid, matchingId)
  const found = answer.status === 200 ? profileIn(answer) : undefined
  if (!found) {
    const failure = answer.status === 200 ? 'server-failed' : downloadFailure(answer)
    step(means, n, 'failed', failure)
    throw new Problem(statusOf[failure] ?? 409, failure, String(answer.body['detail'] ?? failure))
  }
  const holder = profileOf(db, found.iccid)
  if (holder && holder.state !== 'installing') {
    step(means, n, 'failed', 'already-installed')
    throw new Problem(409, 'already-installed', 'This eSIM is on the phone already.')
  }
  db.transaction(() => {
    db.run(
      `insert or replace into profile
         (iccid, n, imsi, msisdn, name, provider, matching_id, state, installed_ms)
       values (:iccid, :n, :imsi, :msisdn, :name, :provider, :matchingId, 'installing', :now)`,
      { ...found, n, matchingId, now: nowMs(means) },
    )
    step(means, n, 'downloading')
  })
  await finishInstalling(means, n, found.iccid)
  return found.iccid
}

function profileIn({ body }: Answer) {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
  const [iccid, imsi] = [text('iccid'), text('imsi')]
  if (!/^\d{18,20}$/.test(iccid) || !/^\d{6,15}$/.test(imsi)) return undefined
  const msisdn = text('msisdn') || null
  return { iccid, imsi, msisdn, name: text('name'), provider: text('serviceProvider') }
}

async function finishInstalling(means: Means, n: number, iccid: string): Promise<void> {
  const { db } = means
  await pause(means, 0.4)
  step(means, n, 'installing')
  await pause(means, 0.35)
  db.transaction(() => {
    db.run(
      `update profile set state = 'enabled', attach_ms = :now, installed_ms = :now, tries = 0
       where iccid = :iccid`,
      { iccid, now: nowMs(means) },
    )
    step(means, n, 'done')
    report(means, n, iccid, 'install')
    report(means, n, iccid, 'enable')
  })
  means.outbox.wake()
}

const pause = ({ installMs, stopping }: Means, share: number) =>
  sleep(installMs * share, undefined, { signal: stopping })

/** Goes on with what a crash interrupted: the same phone may ask for its profile again. */
function resume(means: Means, start: (work: Promise<unknown>) => void): void {
  const { db } = means
  for (const phone of phonesOf(db).filter(underWay)) {
    const half = profilesOf(db, phone.n).find(({ state }) => state === 'installing')
    if (half) start(finishInstalling(means, phone.n, half.iccid))
    else start(download(means, phone, phone.matching_id))
  }
}

type Event = 'install' | 'enable' | 'disable' | 'delete'

/** Queues a report to the operator; call it in the transaction of the change. */
function report({ db, outbox }: Means, n: number, iccid: string, event: Event): void {
  db.run('update phone set seq = seq + 1 where n = :n', { n })
  const { eid, seq } = phoneOf(db, n)
  const body = JSON.stringify({ eid, iccid, event, seq })
  outbox.post({ messageId: `${eid}-${seq}`, type: event, body })
}

async function enable(means: Means, { n, iccid, imsi, state }: ProfileRow, on: boolean) {
  const { db, outbox, connections } = means
  if ((state === 'enabled') === on) return
  if (!on) await connections.network('detach', { imsi })
  db.transaction(() => {
    db.run(
      `update profile set state = :state, registered = 0, reason = '', tries = 0,
         attach_ms = :attach where iccid = :iccid`,
      { iccid, state: on ? 'enabled' : 'disabled', attach: on ? nowMs(means) : null },
    )
    report(means, n, iccid, on ? 'enable' : 'disable')
  })
  outbox.wake()
}

async function remove(means: Means, profile: ProfileRow): Promise<string> {
  const { db, outbox } = means
  await enable(means, profile, false)
  db.transaction(() => {
    db.run('delete from profile where iccid = :iccid', { iccid: profile.iccid })
    report(means, profile.n, profile.iccid, 'delete')
    step(means, profile.n, '')
  })
  outbox.wake()
  return profile.iccid
}

function travel(
  means: Means,
  n: number,
  { country, mccmnc }: { country?: string; mccmnc?: string },
) {
  phoneOf(means.db, n)
  const network: Network | undefined = mccmnc ? networkOf(mccmnc) : firstIn(country ?? '')
  if (!network) throw new Problem(422, 'unknown-network', 'No network is known there.')
  const to = { country: network.country, mcc: network.mcc, mnc: network.mnc }
  means.db.transaction(() => {
    means.db.run('update phone set country = :country, mcc = :mcc, mnc = :mnc where n = :n', {
      n,
      ...to,
    })
    means.db.run(
      `update profile set registered = 0, reason = '', tries = 0, attach_ms = :now
       where n = :n and state = 'enabled'`,
      { n, now: nowMs(means) },
    )
  })
}

export type Use =
  | { kind: 'data'; bytes: number }
  | { kind: 'call'; to: string; seconds: number }
  | { kind: 'sms'; to: string; text: string }

async function useNetwork(means: Means, profile: ProfileRow, use: Use): Promise<ProfileRow> {
  const { connections, db } = means
  const { imsi, iccid } = profile
  const { kind, ...what } = use
  let answer = await connections.network(kind, { imsi, ...what })
  if (answer.status === 403 && answer.body['reason'] === 'not-attached') {
    await attach(means, profile)
    answer = await connections.network(kind, { imsi, ...what })
  }
  if (answer.status === 200) {
    db.run(
      `update profile set bytes = bytes + :bytes, seconds = seconds + :seconds,
         messages = messages + :messages, registered = 1, reason = '' where iccid = :iccid`,
      {
        iccid,
        bytes: use.kind === 'data' ? use.bytes : 0,
        seconds: use.kind === 'call' ? use.seconds : 0,
        messages: use.kind === 'sms' ? 1 : 0,
      },
    )
    return profileOf(db, iccid)!
  }
  const reason = reasonOf(answer)
  if (reason !== 'data-only') lost(means, profile, reason)
  throw new Problem(
    answer.status === 403 ? 403 : 503,
    reason,
    String(answer.body['detail'] ?? reason),
  )
}

const reasonOf = ({ status, body }: Answer): string =>
  status === 403 && typeof body['reason'] === 'string' ? body['reason'] : 'network-unreachable'

const SLOW_MS = 15_000
const REST_MS = 60_000

function lost(means: Means, { iccid, tries }: ProfileRow, reason: string): void {
  const waitMs = tries < 8 ? Math.min(500 * 2 ** tries, SLOW_MS) : tries < 40 ? SLOW_MS : REST_MS
  means.db.run(
    `update profile set registered = 0, reason = :reason, tries = tries + 1, attach_ms = :next
     where iccid = :iccid and state = 'enabled'`,
    { iccid, reason, next: nowMs(means) + waitMs },
  )
}

async function attach(means: Means, { iccid, imsi, n }: ProfileRow): Promise<void> {
  const { db, connections } = means
  const { eid, mcc, mnc } = phoneOf(db, n)
  const answer = await connections.network('attach', { imsi, eid, mccmnc: `${mcc}${mnc}` })
  const profile = profileOf(db, iccid)
  if (profile?.state !== 'enabled') return
  if (answer.status !== 200) return lost(means, profile, reasonOf(answer))
  db.run(
    `update profile set registered = 1, reason = '', tries = 0, attach_ms = null, checked_ms = :now
     where iccid = :iccid`,
    { iccid, now: nowMs(means) },
  )
}

const LOOK_AROUND_MS = 5000

/** Keeps trying to register eSIMs that are on, and notices when the network dropped one. */
function openAttaching(means: Means) {
  const { db, stopping } = means
  let timer: NodeJS.Timeout | undefined
  let busy: Promise<void> | undefined
  const wake = () => {
    clearTimeout(timer)
    if (stopping.aborted || busy) return
    const next = db.get<{ ms: number | null }>(
      `select min(attach_ms) as ms from profile where state = 'enabled'`,
    )?.ms
    if (next == null) return
    timer = setTimeout(() => void run(), Math.min(1000, Math.max(0, next - nowMs(means))))
  }
  const run = (n?: number): Promise<void> => {
    busy ??= (async () => {
      const due = db.all<ProfileRow>(
        `select * from profile where state = 'enabled' and attach_ms <= :now
           and (:n is null or n = :n)`,
        { now: nowMs(means), n: n ?? null },
      )
      await Promise.all(due.map((profile) => attach(means, profile)))
    })().finally(() => {
      busy = undefined
      wake()
    })
    return busy
  }
  wake()
  return {
    wake,
    async now(n: number) {
      await busy
      await run(n)
    },
    /** A page is looking: registered eSIMs are checked again, at most every few seconds. */
    lookAround() {
      db.run(
        `update profile set attach_ms = :now, checked_ms = :now
         where state = 'enabled' and registered = 1 and attach_ms is null and checked_ms < :before`,
        { now: nowMs(means), before: nowMs(means) - LOOK_AROUND_MS },
      )
      wake()
    },
    async stop() {
      clearTimeout(timer)
      await busy
    },
  }
}
