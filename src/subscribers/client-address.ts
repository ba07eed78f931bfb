/** A client's address as a pseudonym of the same kind, so that floods are counted and no address is kept. */
import { createHmac } from 'node:crypto'

/**
 * A unique local IPv6 address (RFC 4193) that stands for an address; those of one IPv6 site (/64) share one, as
 * one household does.
 */
export function pseudonymOf(ip: string, key: Uint8Array): string {
  const site = siteOf(ip.toLowerCase().replace(/%.*$/, ''))
  const digest = createHmac('sha256', key).update(site).digest('hex')
  const groups = [`fd${digest.slice(0, 2)}`, digest.slice(2, 6), digest.slice(6, 10)]
  return `${groups.join(':')}:${digest.slice(10, 14)}::1`
}

function siteOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(ip)?.[1]
  if (mapped ?? !ip.includes(':')) return mapped ?? ip
  const [head = '', tail = ''] = ip.split('::')
  const front = head.split(':').filter((group) => group !== '')
  const back = tail.split(':').filter((group) => group !== '')
  const middle = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return [...front, ...middle, ...back]
    .slice(0, 4)
    .map((group) => group.padStart(4, '0'))
    .join(':')
}
