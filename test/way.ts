/** The ways through the platform that many tests take: joining with a paid, installed line, and leaving. */
import { randomUUID } from 'node:crypto'
import { cards, type Person, person, until } from '../src/main/demo-person.ts'
import type { TestPlatform } from './platform.ts'

let made = 0

export async function member(
  platform: TestPlatform,
  { country = 'GB', name = 'Lin Yue', locale = 'en' } = {},
) {
  const someone = person(platform)
  made += 1
  const email = `someone${made}.${randomUUID().slice(0, 6)}@example.com`
  const signedIn = await someone.signIn(email)
  if (signedIn.status !== 200)
    throw new Error(`sign-in answered ${signedIn.status}: ${JSON.stringify(signedIn.body)}`)
  await someone.patch('/v1/me', { name, country, locale })
  return Object.assign(someone, { email })
}

export async function pay(checkoutUrl: string, number = cards.good): Promise<Response> {
  const form = new URLSearchParams({ number, expiry: '12/40', name: 'Lin Yue', cvc: '123' })
  return fetch(checkoutUrl, { method: 'POST', body: form, redirect: 'manual' })
}

/** Orders a plan, pays it and waits for the line it brings, and for its eSIM. */
export async function buyLine(someone: Person, plan?: string, number = cards.good) {
  const { body: catalog } = await someone.get('/v1/plans')
  const planId =
    plan ??
    catalog.plans.find(
      ({ hasNumber, kind }: { hasNumber: boolean; kind: string }) => hasNumber && kind === 'home',
    ).planId
  const { body: order, status } = await someone.post('/v1/orders', { planId })
  if (status !== 201) throw new Error(`order answered ${status}: ${JSON.stringify(order)}`)
  await pay(order.checkoutUrl, number)
  const paid = await until(
    async () => (await someone.get(`/v1/orders/${order.orderId}`)).body,
    ({ state }) => state === 'paid',
  )
  const line = await until(
    async () => (await someone.get(`/v1/lines/${paid.lineId}`)).body,
    ({ profile }) => profile.state === 'released',
  )
  return { orderId: order.orderId as string, lineId: paid.lineId as string, line }
}

let phonesUsed = 0

/** Installs a line on one of the simulated phones and waits until it is active. */
export async function install(platform: TestPlatform, someone: Person, lineId: string) {
  const phone = (phonesUsed++ % 3) + 1
  const { body: installation } = await someone.get(`/v1/lines/${lineId}/installation`)
  await fetch(`${platform.urls.phone}/phones/${phone}/install`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activationCode: installation.activationCode }),
  })
  const line = await until(
    async () => (await someone.get(`/v1/lines/${lineId}`)).body,
    ({ state }) => state === 'active',
  )
  return { phone, line }
}

export async function topUp(
  someone: Person,
  lineId: string,
  amount = '20.00',
  number = cards.good,
) {
  const { body: order } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount, currency: 'GBP' },
  })
  await pay(order.checkoutUrl, number)
  return until(
    async () => (await someone.get(`/v1/orders/${order.orderId}`)).body,
    ({ state }) => state === 'paid',
  )
}

/** Opens the closing way, chooses a refund and gives up promotions, and gives back the draft. */
export async function draftClosure(someone: Person, scope: 'line' | 'account', lineId?: string) {
  const { body: draft } = await someone.post('/v1/closures', { scope, ...(lineId && { lineId }) })
  const choices = {
    paid: draft.quote.choicesNeeded.includes('paid') ? { disposition: 'refund' } : null,
    promotional: draft.quote.choicesNeeded.includes('promotional')
      ? { disposition: 'give-up' }
      : null,
  }
  const { body } = await someone.patch(`/v1/closures/${draft.caseId}`, { choices })
  return body
}

export async function closureCode(
  someone: Person & { email: string },
  caseId: string,
): Promise<string> {
  const after = new Date(Date.now() - 1).toISOString()
  const sent = await someone.post(`/v1/closures/${caseId}/code`, {})
  if (sent.status !== 202)
    throw new Error(`code answered ${sent.status}: ${JSON.stringify(sent.body)}`)
  return someone.codeFor(someone.email, after)
}

export async function submit(
  someone: Person & { email: string },
  draft: { caseId: string; quote: { hash: string } },
) {
  const code = await closureCode(someone, draft.caseId)
  return someone.post(`/v1/closures/${draft.caseId}/submit`, {
    quoteHash: draft.quote.hash,
    code,
    understood: true,
  })
}

export async function untilState(someone: Person, caseId: string, wanted: string) {
  return until(
    async () => (await someone.get(`/v1/closures/${caseId}`)).body,
    ({ state }) => state === wanted,
    20_000,
  )
}

/** The refunds of a case as the payment provider counts them: reference and how often it took effect. */
export async function refundsOfCase(
  { urls }: Pick<TestPlatform, 'urls'>,
  caseId: string,
): Promise<[string, number][]> {
  const { refundsByReference } = (await (await fetch(`${urls.payments}/stats`)).json()) as {
    refundsByReference: Record<string, number>
  }
  return Object.entries(refundsByReference).filter(([reference]) => reference.startsWith(caseId))
}
