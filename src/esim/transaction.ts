/** Transaction ids that prove that a session was begun here and when, so that nothing is stored before an eUICC has signed. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { base64 } from './sgp22/es9.ts'
import type { Fresh, RspSession, SessionCis, Smdp } from './sgp22/smdp.ts'

const timeBytes = 6
export const nonceBytes = 4
const proofBytes = 6

/** 16 bytes: when in milliseconds, a nonce, and a proof that covers both and the two CIs that were agreed on. */
export function freshAt(key: Uint8Array, nowMs: number, nonce: Uint8Array, cis: SessionCis): Fresh {
  const head = Buffer.alloc(timeBytes + nonceBytes)
  head.writeUIntBE(nowMs, 0, timeBytes)
  head.set(nonce, timeBytes)
  return freshOf(key, head, cis)
}

/** The challenge follows from the id: only who was given it can have signed it. */
function freshOf(key: Uint8Array, head: Buffer, { euiccCi, serverCi }: SessionCis): Fresh {
  const mac = createHmac('sha256', key).update(head).update(`${euiccCi} ${serverCi}`).digest()
  const transactionId = Buffer.concat([head, mac.subarray(0, proofBytes)])
  return { transactionId, serverChallenge: mac.subarray(16) }
}

/** The session that was begun with this id by somebody who had the key; undefined for every other id. */
export function begunWith(
  key: Uint8Array,
  { identities }: Smdp,
  transactionId: string,
): RspSession | undefined {
  const id = Buffer.from(transactionId, 'hex')
  const head = id.subarray(0, timeBytes + nonceBytes)
  if (id.length !== head.length + proofBytes) return undefined
  const ids = identities.map(({ ci }) => base64(ci.subjectKeyIdentifier))
  for (const cis of ids.flatMap((euiccCi) => ids.map((serverCi) => ({ euiccCi, serverCi })))) {
    const fresh = freshOf(key, head, cis)
    if (!timingSafeEqual(fresh.transactionId, id)) continue
    const serverChallenge = base64(fresh.serverChallenge)
    const startedMs = head.readUIntBE(0, timeBytes)
    return { transactionId, phase: 'initiated', startedMs, ...cis, serverChallenge }
  }
  return undefined
}
