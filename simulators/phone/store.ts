/** What the phones remember: their EIDs, where they are, the eSIMs on them and the last installation. */
import { randomInt } from 'node:crypto'
import type { Database } from '../database.ts'
import { notFound } from '../host.ts'
import { firstIn, networkOf } from '../networks.ts'

export const schema = `
create table if not exists phone (
  n integer primary key,
  name text not null,
  eid text not null,
  country text not null,
  mcc text not null,
  mnc text not null,
  seq integer not null default 0,
  step text not null default '',
  failure text not null default '',
  matching_id text not null default '',
  smdp_address text not null default '',
  euicc text not null default ''
) strict;
create table if not exists profile (
  iccid text not null,
  n integer not null references phone,
  imsi text not null,
  msisdn text,
  name text not null,
  provider text not null,
  matching_id text not null,
  state text not null,
  registered integer not null default 0,
  reason text not null default '',
  tries integer not null default 0,
  attach_ms integer,
  checked_ms integer not null default 0,
  bytes integer not null default 0,
  seconds integer not null default 0,
  messages integer not null default 0,
  installed_ms integer not null,
  primary key (iccid)
) strict;`

export type PhoneRow = {
  n: number
  name: string
  eid: string
  country: string
  mcc: string
  mnc: string
  seq: number
  step: '' | 'contacting' | 'downloading' | 'installing' | 'done' | 'failed'
  failure: string
  matching_id: string
  smdp_address: string
  /** EuiccState as JSON; empty before its first use. */
  euicc: string
}

export type ProfileRow = {
  iccid: string
  n: number
  imsi: string
  msisdn: string | null
  name: string
  provider: string
  matching_id: string
  state: 'installing' | 'enabled' | 'disabled'
  registered: number
  reason: string
  tries: number
  attach_ms: number | null
  checked_ms: number
  bytes: number
  seconds: number
  messages: number
  installed_ms: number
}

const names = ['Aster', 'Birch', 'Cedar']

/** Makes the phones when the folder is new: other EIDs each time, since platforms remember them. */
export function makePhones(db: Database): void {
  addColumns(db)
  if (db.get('select n from phone')) return
  const { country, mcc, mnc } = firstIn('GB')!
  names.forEach((name, index) => {
    db.run(
      `insert into phone (n, name, eid, country, mcc, mnc)
       values (:n, :name, :eid, :country, :mcc, :mnc)`,
      { n: index + 1, name, eid: newEid(), country, mcc, mnc },
    )
  })
}

/** A folder from before phones had a chip of their own. */
function addColumns(db: Database): void {
  const columns = db.all<{ name: string }>(`select name from pragma_table_info('phone')`)
  for (const name of ['smdp_address', 'euicc'])
    if (!columns.some((column) => column.name === name))
      db.run(`alter table phone add column ${name} text not null default ''`)
}

/** 32 digits whose remainder by 97 is 1 (SGP.02 §2.2.2). */
export function newEid(): string {
  const digits = Array.from({ length: 22 }, () => randomInt(10)).join('')
  const first30 = `89049032${digits}`
  const check = 98n - ((BigInt(first30) * 100n) % 97n)
  return first30 + String(check).padStart(2, '0')
}

export const phonesOf = (db: Database): PhoneRow[] =>
  db.all<PhoneRow>('select * from phone order by n')

export function phoneOf(db: Database, n: number): PhoneRow {
  const row = db.get<PhoneRow>('select * from phone where n = :n', { n })
  if (!row) throw notFound('phone')
  return row
}

export const profilesOf = (db: Database, n: number): ProfileRow[] =>
  db.all<ProfileRow>('select * from profile where n = :n order by installed_ms desc, iccid desc', {
    n,
  })

export const profileOf = (db: Database, iccid: string): ProfileRow | undefined =>
  db.get<ProfileRow>('select * from profile where iccid = :iccid', { iccid })

export const phoneWire = (phone: PhoneRow, profiles: ProfileRow[]) => ({
  n: phone.n,
  name: phone.name,
  eid: phone.eid,
  country: phone.country,
  network: { mcc: phone.mcc, mnc: phone.mnc, name: networkOf(phone.mcc + phone.mnc)?.name ?? '' },
  installation:
    phone.step === ''
      ? null
      : { step: phone.step, ...(phone.failure ? { failure: phone.failure } : {}) },
  profiles: profiles.map(profileWire),
})

export const profileWire = (row: ProfileRow) => ({
  iccid: row.iccid,
  imsi: row.imsi,
  msisdn: row.msisdn,
  name: row.name,
  serviceProvider: row.provider,
  state: row.state,
  registered: row.registered === 1,
  ...(row.reason ? { reason: row.reason } : {}),
  used: { bytes: row.bytes, seconds: row.seconds, messages: row.messages },
  installedAt: Temporal.Instant.fromEpochMilliseconds(row.installed_ms).toString(),
})
