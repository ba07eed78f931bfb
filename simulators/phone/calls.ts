/** The phone's two connections: the operator's download server and the mobile network. */
export type Answer = { status: number; body: Record<string, unknown> }

export type Connections = {
  download(eid: string, matchingId: string): Promise<Answer>
  network(path: string, body: object): Promise<Answer>
}

const WAIT_MS_MAX = 10_000

export function openConnections(platform: () => string, network: () => string): Connections {
  return {
    download: (eid, matchingId) => post(`${platform()}/esim/download`, { eid, matchingId }),
    network: (path, body) => post(`${network()}/phone/${path}`, body),
  }
}

/** Status 0 means that nobody answered. */
async function post(url: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
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

/** Why a download was refused, in the words of the phone's own catalog. */
export function downloadFailure({ status, body }: Answer): string {
  const code = typeof body['code'] === 'string' ? body['code'] : ''
  if (status === 0) return 'server-unreachable'
  if (status >= 500) return 'server-failed'
  if (status === 404) return 'code-unknown'
  if (/revoked|not-available|closed|released/.test(code) || status === 410) return 'code-revoked'
  if (/used|other-device|downloaded/.test(code) || status === 409) return 'code-used'
  return 'code-refused'
}
