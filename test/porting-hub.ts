/** The simulated clearing house, as tests order it about. */
import type { TestPlatform } from './platform.ts'

type Port = {
  reference: string
  msisdn: string
  way: string
  state: string
  reason: string
  taken: number
}

export function clearingHouse(platform: () => TestPlatform) {
  async function call(method: string, path: string, body?: object) {
    const response = await fetch(platform().urls.porting + path, {
      method,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return (await response.json()) as Record<string, unknown>
  }
  /** What it knows of a number, the newest first. */
  async function of(msisdn: string): Promise<Port[]> {
    const { items } = (await call('GET', '/requests')) as { items: Port[] }
    return items.filter((port) => port.msisdn === msisdn)
  }
  async function end(msisdn: string, ending: 'complete' | 'fail' | 'cancel') {
    const [port] = await of(msisdn)
    await call('POST', `/requests/${port!.reference}/end`, { ending })
  }
  return {
    of,
    end,
    faults: (faults: object) => call('PUT', '/faults', faults),
    /** Somebody brings a number of ours to another operator. */
    take: (msisdn: string, code: string) => call('POST', '/requests', { msisdn, code }),
  }
}
