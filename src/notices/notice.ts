/** A message that leaves: its template, what the template is told, and the names that make it go out once. */
import { createHash } from 'node:crypto'

export type Channel = 'email' | 'sms'
export type Recipient = { readonly channel: Channel; readonly address: string }

/**
 * What each template is told. All values are strings: moments as RFC 3339, money as `25.25 GBP`, lists as JSON. A line
 * is named by `lineName`; an empty one means the whole account. What is optional leaves its row out.
 */
export type NoticeParams = {
  'sign-in-code': { minutes: string }
  'staff-sign-in-code': { minutes: string }
  'contact-code': { minutes: string; contact: string }
  'closure-code': { minutes: string; lineName: string; reference?: string }
  'passkey-code': { minutes: string }
  'number-code': { minutes: string; lineName: string }
  /** The code itself is in no message: it was shown once. */
  'port-code-given': {
    lineName: string
    msisdn: string
    at: string
    codeEndsAt?: string
    url: string
  }
  'number-unlocked': {
    lineName: string
    msisdn: string
    at: string
    codeEndsAt?: string
    url: string
  }
  'port-pending': {
    lineName: string
    msisdn: string
    recipient: string
    movesAt: string
    url: string
  }
  'port-completed': {
    lineName: string
    msisdn: string
    recipient: string
    at: string
    url: string
  }
  /** `how` is failed, expired, by-operator, by-subscriber or by-freeze; `note` is what the other operator said. */
  'port-ended': {
    lineName: string
    msisdn: string
    recipient: string
    how: string
    note?: string
    at: string
    url: string
  }
  /** Of a number whose account has ended: `how` is given, pending, completed or stayed. */
  'port-after-end': {
    msisdn: string
    how: 'given' | 'pending' | 'completed' | 'stayed'
    recipient?: string
    at?: string
    movesAt?: string
    codeEndsAt?: string
    url: string
  }
  'number-arrived': { lineName: string; msisdn: string; at: string; note?: string; url: string }
  /** `note` is what the other operator said. */
  'number-stayed-away': {
    lineName: string
    msisdn: string
    at: string
    note?: string
    url: string
  }
  'new-device': { device: string; at: string; url: string }
  'contact-added': { contact: string; at: string; url: string }
  'contact-removed': { contact: string; at: string; url: string }
  'passkey-added': { passkey: string; at: string; url: string }
  'passkey-removed': { passkey: string; at: string; url: string }
  /** `lineName` is empty for a plan's first order; `installUrl` only when there is an eSIM to install. */
  'order-paid': {
    item: string
    amount: string
    instrument: string
    at: string
    lineName?: string
    installUrl?: string
    url: string
  }
  'line-suspended': { lineName: string; at: string; url: string }
  'line-resumed': { lineName: string; at: string; url: string }
  'line-active': { lineName: string; plan: string; msisdn?: string; url: string }
  /** `percent` is 50, 80 or 100; `kind` data, voice or sms; `remaining` in bytes, seconds or messages. */
  'usage-low': {
    lineName: string
    percent: string
    kind: string
    remaining: string
    url: string
  }
  /** `percent` is 80 or 100: of what use may take of the credit in a period. */
  'cap-reached': { lineName: string; percent: string; cap: string; spent: string; url: string }
  /** `what` is now, renewal or period: when it takes effect; `amount` left the credit, `credited` came back to it. */
  'plan-changed': {
    lineName: string
    plan: string
    what: string
    fromAt: string
    price: string
    amount?: string
    credited?: string
    url: string
  }
  /** `how` is renews, short, card or ends. */
  'plan-reminder': {
    lineName: string
    plan: string
    how: string
    periodEndsAt: string
    price?: string
    missing?: string
    url: string
  }
  'plan-renewed': {
    lineName: string
    plan: string
    amount: string
    periodEndsAt: string
    url: string
  }
  'plan-waits': {
    lineName: string
    plan: string
    price: string
    missing: string
    waitsUntil: string
    url: string
  }
  /** `price` is that of the newer version, as it is sold. */
  'plan-version': { lineName: string; plan: string; price: string; url: string }
  'plan-ended': { lineName: string; plan: string; at: string; url: string }
  /** `ifLate` is approved or escalated; `endsAt` is when service ends and nothing can be undone any more. */
  'closure-received': {
    reference: string
    lineName: string
    submittedAt: string
    dueAt?: string
    endsAt?: string
    refund?: string
    ifLate?: string
    withdrawUrl: string
    progressUrl: string
    freezeUrl?: string
  }
  /** The operator closes the line on its own account; `reason` is in the operator's words. */
  'closure-announced': {
    reference: string
    lineName: string
    endsAt: string
    refund?: string
    /** What becomes of paid credit: refund, keep or spend. */
    money: string
    reason: string
    progressUrl: string
  }
  'closure-called-off': { reference: string; lineName: string; at: string; url: string }
  /** To those who were reached before and to the closing number; they may not be the subscriber. */
  'closure-alert': { reference: string; at: string; freezeUrl: string }
  /** To both of those, and whoever was reached before: what was stopped goes on, and nothing ends before then. */
  'closure-thawed': { reference: string; waitsUntil: string; freezeUrl: string }
  /** The same, where somebody asked who did not sign in: nothing ends before it is shown who. */
  'closure-asked': { reference: string; at: string; freezeUrl: string }
  /** To who asked without signing in, at the address they gave; `how` is received, asked, opened or over. */
  'closure-intake': { how: string; reference: string; dueAt?: string; url: string }
  'closure-frozen': { reference: string; lineName: string; at: string; url: string }
  'closure-withdrawn': { reference: string; lineName: string; at: string; url: string }
  'closure-approved': {
    reference: string
    lineName: string
    at: string
    endsAt?: string
    refund?: string
    withdrawUrl?: string
    progressUrl: string
    freezeUrl?: string
  }
  /** `reasonCode` is one of decisionWire's. */
  'closure-rejected': {
    reference: string
    lineName: string
    reasonCode: string
    note?: string
    url: string
  }
  /** The facts moved away from the agreed quote before execution: the subscriber looks again. */
  'closure-agree-again': { reference: string; lineName: string; url: string; freezeUrl?: string }
  /** To who acts for the subscriber; `kind` is guardian or estate. */
  'closure-act': {
    kind: string
    reference: string
    lineName: string
    subscriberName: string
    url: string
  }
  /** Who came of age since a guardian authorised says it again, alone. */
  'closure-of-age': { reference: string; lineName: string; url: string; freezeUrl?: string }
  /** The time that policy gives a review is over, and nobody has decided. */
  'closure-late': {
    reference: string
    lineName: string
    promisedAt: string
    url: string
    freezeUrl?: string
  }
  /** A reviewer asks something; what, stands on the page alone. */
  'closure-question': { reference: string; lineName: string; url: string; freezeUrl?: string }
  /** The number did not go to the other operator: the subscriber says whether to close all the same. */
  'closure-port-stayed': { reference: string; lineName: string; url: string; freezeUrl?: string }
  /** The number has gone, and nobody may pay out what is left: the subscriber chooses. */
  'closure-port-choose': { reference: string; lineName: string; url: string; freezeUrl?: string }
  'closure-service-ended': {
    reference: string
    lineName: string
    endedAt: string
    numberKeptUntil?: string
    progressUrl: string
  }
  /** `statement` is `JSON.stringify(finalStatement)` and `kept` `JSON.stringify(kept)` of the closure's wire shape. */
  'closure-closed': {
    reference: string
    lineName: string
    closedAt: string
    statement: string
    kept: string
    progressUrl: string
    keysUrl: string
    /** Where a number of an account may still leave: the way to a code, and the soonest end of that. */
    takeUrl?: string
    takeUntil?: string
    /** How the eSIM is deleted, where it may still be on a phone. */
    deleteUrl?: string
  }
  'refund-sent': { reference: string; amount: string; instrument: string; at: string }
  /** `failure` is the provider's code, such as card_expired. */
  /** The phone confirmed that the profile of a closed line is gone; the certificate comes again, with its addendum. */
  'closure-removal-confirmed': {
    reference: string
    lineName: string
    at: string
    progressUrl: string
  }
  'refund-failed': {
    reference: string
    amount: string
    instrument: string
    failure: string
    at: string
    /** Until when an account can be named. */
    until: string
    url: string
  }
  /** The day that was promised for a refund is over, and it has not arrived. */
  'refund-late': { reference: string; amount: string; refundBy: string; url: string }
  /** An account that was named for a refund did not take it. */
  'payout-failed': {
    reference: string
    amount: string
    failure: string
    until: string
    url: string
  }
  /** `categories` is a JSON list of retention categories. */
  erased: { reference: string; categories: string; at: string }
  'ticket-answered': { subject: string; url: string }
}

export type TemplateName = keyof NoticeParams

export type NoticeRequest<Template extends TemplateName = TemplateName> = {
  readonly subscriberId: string
  /** Names the message: the same id is sent once to each recipient, however often it is asked for. */
  readonly noticeId: string
  readonly recipients: readonly Recipient[]
  readonly template: Template
  readonly locale: string
  readonly params: NoticeParams[Template]
  readonly caseId?: string
  /** A one-time code: kept encrypted until the message has left. */
  readonly code?: string
}

/** One row per recipient, always under the same name. */
export function noticeRowId(noticeId: string, { channel, address }: Recipient): string {
  return `${noticeId}/${hash(`${channel}:${address}`).slice(0, 12)}`
}

/** The same for every attempt, so that whoever receives a message twice can tell (RFC 5322 §3.6.4). */
export function messageId(subscriberId: string, noticeRow: string, domain: string): string {
  return `<${hash(`${subscriberId} ${noticeRow}`).slice(0, 32)}@${domain}>`
}

/**
 * Rounds of five quick tries each; the queue makes the tries, this spaces the rounds. They last four and a half days,
 * about as long as RFC 5321 §4.5.4.1 asks a mail server to be tried.
 */
const roundGapsMinutes = [1, 5, 15, 60, 240, 720, 1440, 1440, 1440, 1440]

/** When the next round begins, or undefined when the message has failed for good. */
export function nextRound(rounds: number, now: Temporal.Instant): Temporal.Instant | undefined {
  const minutes = roundGapsMinutes[rounds]
  return minutes === undefined ? undefined : now.add({ minutes })
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
