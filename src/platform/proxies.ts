/** Which proxies in front may say who a request is from; from anybody else that is only a claim. */
import { isIP } from 'node:net'
import { CannotStart } from './process.ts'

const name = 'VIOLET_TRUST_PROXY'

/** `10.0.0.0/8, 2001:db8::1`; unset: a request is from whoever sent it. A number of proxies would not say that it is they who ask. */
export function parseProxies(text: string | undefined): string[] | undefined {
  return text?.split(',').map((one) => network(one.trim()))
}

function network(text: string): string {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
  if (version === 0 || !isRange || more.length > 0)
    throw new CannotStart(`${name} must be addresses like 10.0.0.0/8, ::1, not "${text}".`)
  if (Number(bits) === 0)
    throw new CannotStart(`${name} can’t be "${text}": whoever asks could name any address.`)
  return text
}
