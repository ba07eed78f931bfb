/** The phone's two connections: the operator's SM-DP+ and the mobile network. */
import { errorReason } from '../../src/esim/sgp22/notification.ts'
import type { Download } from './assistant.ts'

export type Answer = { status: number; body: Record<string, unknown> }

export type Connections = {
  /** An ES9+ function of the operator's SM-DP+ (SGP.22 §6.5.2). */
  es9(name: string, body: object): Promise<Answer>
  network(path: string, body: object): Promise<Answer>
}

const WAIT_MS_MAX = 10_000

export function openConnections(platform: () => string, network: () => string): Connections {
  return {
    es9: (name, body) => post(`${platform()}/gsma/rsp2/es9plus/${name}`, body),
    network: (path, body) => post(`${network()}/phone/${path}`, body),
  }
}

/** Status 0 means that nobody answered. */
async function post(url: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-admin-protocol': 'gsma/rsp/v2.5.0' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(WAIT_MS_MAX),
    })
    const text = await response.text()
    return { status: response.status, body: objectOf(text) }
  } catch {
    return { status: 0, body: {} }
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Why there is no eSIM, in the words of the phone's own catalog. */
export function downloadFailure(done: Exclude<Download, { kind: 'installed' }>): string {
  if (done.kind === 'unanswered') return done.status === 0 ? 'server-unreachable' : 'server-failed'
  if (done.kind === 'distrusted') return 'server-not-trusted'
  if (done.kind === 'failed')
    return done.errorReason === errorReason.installFailedDueToIccidAlreadyExistsOnEuicc
      ? 'already-installed'
      : 'install-failed'
  if (done.subjectCode === '8.2.6') return 'code-unknown'
  if (done.subjectCode === '8.1.1') return 'code-used'
  if (done.subjectCode === '8.2.7') return confirmationFailure(done.reasonCode)
  return done.subjectCode === '8.2' ? 'code-revoked' : 'code-refused'
}

const confirmationFailure = (reasonCode: string): string => {
  if (reasonCode === '2.2') return 'confirmation-code-missing'
  return reasonCode === '6.4' ? 'confirmation-code-exhausted' : 'confirmation-code-wrong'
}
