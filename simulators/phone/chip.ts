/** The eUICC in a phone: certificates as its maker gave them, and what it remembers, in the phone's database. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate } from '../../src/esim/sgp22/certificate.ts'
import { signingKey } from '../../src/esim/sgp22/curves.ts'
import {
  type Euicc,
  type EuiccCredential,
  type EuiccState,
  newEuiccState,
} from '../../src/esim/sgp22/euicc.ts'
import { readSubscription } from '../../src/esim/sgp22/saip-personalise.ts'
import { certificateFromPem, credentialFromPem, testEuicc } from '../../src/esim/sgp22/test-pki.ts'
import type { Database } from '../database.ts'
import { Problem } from '../host.ts'
import type { Outbox } from '../outbox.ts'
import type { Chip } from './assistant.ts'
import { phoneOf } from './store.ts'

/** Where the test EUM's certificates and keys lie, as `violet pki init` lays them out. */
export type Maker = (eid: string) => Euicc

/** Makes chips as an eUICC manufacturer does: each gets a certificate for its EID under the test EUM. */
export function openMaker(folder: () => string): Maker {
  const made = new Map<string, Euicc>()
  return (eid) => {
    const known = made.get(eid)
    if (known) return known
    const root = folder()
    const names = existsSync(root) ? readdirSync(root).sort().reverse() : []
    const credentials = names.flatMap((name) => credentialIn(join(root, name), eid))
    if (credentials.length === 0)
      throw new Problem(503, 'no-certificate', `There are no test certificates in ${root}.`)
    const euicc = { eid, credentials, multipleEnabled: true }
    made.set(eid, euicc)
    return euicc
  }
}

function credentialIn(folder: string, eid: string): EuiccCredential[] {
  const files = ['ci.pem', 'eum.pem', 'eum-key.pem'].map((name) => join(folder, name))
  if (!files.every((file) => existsSync(file))) return []
  const [ci = '', eum = '', eumKey = ''] = files.map((file) => readFileSync(file, 'utf8'))
  const issuer = credentialFromPem(eum, eumKey)
  const root = certificateFromPem(ci)
  if (!issuer || !root) return []
  const { curve } = issuer.pair
  // The same chip has the same key whenever this program starts.
  const seed = createHash('sha256').update(issuer.pair.scalar).update(eid).digest()
  const own = testEuicc({ curve, eum: issuer }, eid, { seed, nowMs: Date.now() })
  return [
    {
      ci: parseCertificate(root),
      eum: parseCertificate(issuer.certificate),
      euicc: parseCertificate(own.certificate),
      key: signingKey(own.pair),
    },
  ]
}

type Means = { db: Database; outbox: Outbox; maker: Maker; nowMs: () => number }

/** The chip of a phone. What it remembers, what it installed and what it has to tell are kept in one commit. */
export function chipOf(means: Means, n: number): Chip {
  const { db, maker } = means
  return {
    euicc: maker(phoneOf(db, n).eid),
    state: () => stateOf(db, n),
    keep: (state) => db.transaction(() => keep(means, n, state)),
  }
}

function stateOf(db: Database, n: number): EuiccState {
  const { euicc } = phoneOf(db, n)
  return euicc === '' ? newEuiccState : (JSON.parse(euicc) as EuiccState)
}

function keep({ db, outbox, nowMs }: Means, n: number, state: EuiccState): void {
  const { eid, matching_id: matchingId } = phoneOf(db, n)
  const before = new Set(stateOf(db, n).profiles.map(({ iccid }) => iccid))
  for (const { iccid, metadata, profilePackage } of state.profiles) {
    if (before.has(iccid)) continue
    const { imsi = '', msisdn = null } = readSubscription(Buffer.from(profilePackage, 'base64'))
    db.run(
      `insert or replace into profile
         (iccid, n, imsi, msisdn, name, provider, matching_id, state, installed_ms)
       values (:iccid, :n, :imsi, :msisdn, :name, :provider, :matchingId, 'installing', :now)`,
      {
        iccid,
        n,
        imsi,
        msisdn,
        name: metadata.profileName,
        provider: metadata.serviceProviderName,
        matchingId,
        now: nowMs(),
      },
    )
  }
  // The outbox delivers from here on: in order, again when nobody answers.
  for (const { seqNumber, event, signed } of state.notifications)
    outbox.post({
      messageId: `${eid}-${seqNumber}`,
      type: event,
      body: JSON.stringify({ pendingNotification: signed }),
    })
  const kept = JSON.stringify({ ...state, notifications: [] })
  db.run('update phone set euicc = :kept where n = :n', { n, kept })
}
