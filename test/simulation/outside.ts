/** What people do outside of the platform: they read their mail, pay on a provider's page, use their phone, ask their bank. */
import { codeIn } from '../../simulators/inbox/code.ts'
import type { Answer, Outside } from './ask.ts'
import type { Runner } from './running.ts'
import type { World } from './world.ts'

/** Undefined: nothing yet. */
export function outside(world: World, runner: Runner, ask: Outside): Answer | undefined {
  const { provider, register, inbox } = world.partners
  if (ask.do === 'read-code') {
    const letters = [...inbox.values()].filter(({ to }) => to === ask.to)
    const codes = letters.map(({ subject, text }) => codeIn(subject, text) ?? '')
    const code = codes.findLast((one) => one !== '' && !runner.usedCodes.has(one))
    if (code) runner.usedCodes.add(code)
    const waited = world.nowMs - runner.pending!.sinceMs
    return code || waited > ask.sinceMs ? { status: 200, body: code } : undefined
  }
  if (ask.do === 'read-link') {
    const links = [...inbox.values()].map(({ to, text }) => (to === ask.to ? linkIn(text) : ''))
    const link = links.findLast((one) => one !== '')
    const waited = world.nowMs - runner.pending!.sinceMs
    return link || waited > ask.sinceMs ? { status: 200, body: link ?? '' } : undefined
  }
  if (ask.do === 'pay') {
    if (world.isAway('payments')) return { status: 0, body: {} }
    provider.pay(ask.url.split('/').at(-1)!, cardOf(ask))
    return { status: 200, body: {} }
  }
  if (ask.do === 'claim') return { status: world.partners.bank.claim(ask) ? 200 : 404, body: {} }
  try {
    if (ask.do === 'use') {
      register.attach(ask.imsi, runner.eid, ask.mccmnc)
      const used = { kind: ask.what, quantity: ask.amount, seconds: 60 }
      register.use(ask.imsi, used, ask.mccmnc)
    }
    if (ask.do === 'late') register.late({ ...ask, kind: 'data', quantity: ask.amount })
  } catch (error) {
    // A network that knows nobody of that name, or a plan that does not go there.
    world.say(runner.who, `is refused by the network: ${String(error).slice(0, 60)}`)
  }
  return { status: 200, body: {} }
}

const linkIn = (text: string) => /\/freeze\/([\w.-]+)/.exec(text)?.[1] ?? ''

function cardOf({ card, attempt }: Extract<Outside, { do: 'pay' }>) {
  const first = attempt === 1
  const outcome =
    card === 'declined-first' && first
      ? ('declined' as const)
      : card === 'times-out' && first
        ? ('times-out' as const)
        : card === 'dies-later'
          ? ('expires-later' as const)
          : ('succeeds' as const)
  const instrument = { brand: 'visa', last4: '4242', expMonth: 12, expYear: 2040, fingerprint: 'f' }
  return { outcome, instrument }
}
