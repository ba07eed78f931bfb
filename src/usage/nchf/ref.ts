/** The name of a charging session in the network: opaque there, and to us the way to its row without an index. */
import { hash } from 'node:crypto'

export type Ref = { subscriberId: string; lineId: string; sessionId: string }

const shape = /^([0-9a-f]{32})\.([0-9a-f]{32})\.([0-9a-f]{32})$/

/** ChargingDataRef of TS 32.291 §6.1.3.3; free of characters that an address would have to escape. */
export function refOf({ subscriberId, lineId, sessionId }: Ref): string {
  return [subscriberId, lineId, sessionId].map((id) => id.slice(id.indexOf('_') + 1)).join('.')
}

export function parseRef(text: string): Ref | undefined {
  const [, subscriber, line, session] = shape.exec(text) ?? []
  if (!subscriber || !line || !session) return undefined
  return { subscriberId: `sub_${subscriber}`, lineId: `line_${line}`, sessionId: `cs_${session}` }
}

/** The same request to open a session, sent again, is the same session. */
export function sessionIdOf(lineId: string, contentHash: string): string {
  return `cs_${hash('sha256', `${lineId} ${contentHash}`, 'hex').slice(0, 32)}`
}
