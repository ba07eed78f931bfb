/** What a phone does: installs and deletes eSIMs, registers on networks, and uses them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ActivationCode, parseActivationCode } from '../../src/esim/sgp22/activation-code.ts'
import {
  deleteProfile,
  disableProfile,
  enableProfile,
  type Euicc,
  type EuiccState,
} from '../../src/esim/sgp22/euicc.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Database } from '../database.ts'
import { Problem } from '../host.ts'
import { firstIn, type Network, networkOf } from '../networks.ts'
import type { Outbox } from '../outbox.ts'
import { type Chip, downloadProfile, type Es9 } from './assistant.ts'
import { type Answer, type Connections, downloadFailure } from './calls.ts'
import { chipOf, type Maker } from './chip.ts'
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
  maker: Maker
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
    async install(n: number, activationCode: string, confirmationCode?: string) {
      const iccid = await install(means, n, activationCode, confirmationCode)
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

/** SGP.22 §4.1; gaps that a person typed are forgiven. */
export function readActivationCode(text: string): ActivationCode | undefined {
  const code = parseActivationCode(text.replaceAll(/\s/g, ''))
  return code?.matchingId ? code : undefined
}

function step({ db }: Means, n: number, to: PhoneRow['step'], failure = '') {
  db.run('update phone set step = :to, failure = :failure where n = :n', { n, to, failure })
}

const underWay = ({ step: at }: PhoneRow) => at !== '' && at !== 'done' && at !== 'failed'

async function install(
  means: Means,
  n: number,
  activationCode: string,
  confirmationCode?: string,
): Promise<string> {
  const phone = phoneOf(means.db, n)
  if (underWay(phone)) throw new Problem(409, 'installing', 'The phone is installing another eSIM.')
  const code = readActivationCode(activationCode)
  if (code === undefined) {
    step(means, n, 'failed', 'code-malformed')
    throw new Problem(422, 'code-malformed', 'An activation code looks like LPA:1$host$matchingId.')
  }
  step(means, n, 'contacting')
  means.db.run(
    'update phone set matching_id = :matchingId, smdp_address = :smdpAddress where n = :n',
    { n, matchingId: code.matchingId, smdpAddress: code.smdpAddress },
  )
  return download(means, phoneOf(means.db, phone.n), confirmationCode)
}

const statusOf: Record<string, number> = {
  'server-unreachable': 503,
  'server-failed': 503,
  'no-certificate': 503,
  'code-unknown': 404,
}

/** The phone's assistant carries the messages; the eUICC verifies all of them and installs. */
async function download(means: Means, phone: PhoneRow, confirmationCode?: string): Promise<string> {
  const { n, matching_id: matchingId, smdp_address: smdpAddress } = phone
  await pause(means, 0.25)
  const es9: Es9 = (_address, name, body) => {
    if (name === 'getBoundProfilePackage') step(means, n, 'downloading')
    return means.connections.es9(name, body)
  }
  const done = await downloadProfile(es9, chip(means, n), {
    smdpAddress,
    matchingId,
    ...(confirmationCode !== undefined && { confirmationCode }),
  })
  if (done.kind === 'installed') {
    await finishInstalling(means, n, done.iccid)
    return done.iccid
  }
  means.outbox.wake()
  const failure = downloadFailure(done)
  step(means, n, 'failed', failure)
  throw new Problem(statusOf[failure] ?? 409, failure, failure)
}

function chip(means: Means, n: number): Chip {
  try {
    return chipOf({ ...means, nowMs: () => nowMs(means) }, n)
  } catch (error) {
    if (error instanceof Problem) step(means, n, 'failed', 'no-certificate')
    throw error
  }
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
    change(means, n, (euicc, state) => enableProfile(euicc, state, iccid))
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
    else start(download(means, phone))
  }
}

type Changing = (euicc: Euicc, state: EuiccState) => { readonly state: EuiccState }

/** The eUICC changes and signs what it has to tell; call it in the transaction of the change. */
function change(means: Means, n: number, changing: Changing): void {
  const { euicc, state, keep } = chip(means, n)
  keep(changing(euicc, state()).state)
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
    const turn = on ? enableProfile : disableProfile
    change(means, n, (euicc, state) => turn(euicc, state, iccid))
  })
  outbox.wake()
}

async function remove(means: Means, profile: ProfileRow): Promise<string> {
  const { db, outbox } = means
  await enable(means, profile, false)
  db.transaction(() => {
    db.run('delete from profile where iccid = :iccid', { iccid: profile.iccid })
    change(means, profile.n, (euicc, state) => deleteProfile(euicc, state, profile.iccid))
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
