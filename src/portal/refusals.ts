/** Which sentence stands for which refusal of the API; codes only staff can meet are left out. */
import type { RefusalCode } from './wire.ts'
import type { WordKey } from './words/keys.ts'

const sentences = {
  'not-signed-in': 'refusal.not-signed-in',
  'not-found': 'refusal.not-found',
  'invalid-request': 'refusal.invalid-request',
  'too-many-requests': 'refusal.too-many-requests',
  'still-in-progress': 'refusal.still-in-progress',
  'changed-meanwhile': 'refusal.changed-meanwhile',
  'amount-out-of-range': 'refusal.amount-out-of-range',
  'account-closed': 'refusal.account-closed',
  'profile-incomplete': 'refusal.profile-incomplete',
  'code-wrong': 'refusal.code-wrong',
  'code-expired': 'refusal.code-expired',
  'code-used': 'refusal.code-used',
  'code-too-many': 'refusal.code-too-many',
  'code-not-asked': 'refusal.code-not-asked',
  'contact-invalid': 'refusal.contact-invalid',
  'contact-taken': 'refusal.contact-taken',
  'contact-last': 'refusal.contact-last',
  'contact-needed': 'refusal.contact-needed',
  'plan-not-sold': 'refusal.plan-not-sold',
  'adjustment-not-allowed': 'refusal.adjustment-not-allowed',
  'order-not-open': 'refusal.order-not-open',
  'payment-unavailable': 'refusal.payment-unavailable',
  'numbers-exhausted': 'refusal.numbers-exhausted',
  'line-closing': 'refusal.line-closing',
  'line-closed': 'refusal.line-closed',
  'line-not-active': 'refusal.line-not-active',
  'plan-unchanged': 'refusal.plan-unchanged',
  'plan-has-ended': 'refusal.plan-has-ended',
  'plan-other-number': 'refusal.plan-other-number',
  'companion-needs-line': 'refusal.companion-needs-line',
  'addon-not-sold': 'refusal.addon-not-sold',
  'only-at-renewal': 'refusal.only-at-renewal',
  'allowance-used': 'refusal.allowance-used',
  'not-enough-credit': 'refusal.not-enough-credit',
  'coupon-unknown': 'refusal.coupon-unknown',
  'coupon-expired': 'refusal.coupon-expired',
  'coupon-used': 'refusal.coupon-used',
  'suspended-by-operator': 'refusal.suspended-by-operator',
  'line-without-number': 'refusal.line-without-number',
  'number-gone': 'refusal.number-gone',
  'port-not-offered': 'refusal.port-not-offered',
  'port-pending': 'refusal.port-pending',
  'port-arrears': 'refusal.port-arrears',
  'port-locked': 'refusal.port-locked',
  'port-held': 'refusal.port-held',
  'number-not-portable': 'refusal.number-not-portable',
  'number-other-country': 'refusal.number-other-country',
  'number-here': 'refusal.number-here',
  'number-arriving': 'refusal.number-arriving',
  'profile-not-available': 'refusal.profile-not-available',
  'profile-download-failed': 'refusal.profile-download-failed',
  'profile-in-preparation': 'refusal.profile-in-preparation',
  'profiles-exhausted': 'refusal.profiles-exhausted',
  'closure-open': 'refusal.closure-open',
  'not-a-draft': 'refusal.not-a-draft',
  'quote-changed': 'refusal.quote-changed',
  'choice-missing': 'refusal.choice-missing',
  'choice-not-allowed': 'refusal.choice-not-allowed',
  'reason-missing': 'refusal.reason-missing',
  'contact-is-closing-line': 'refusal.contact-is-closing-line',
  'no-other-channel': 'refusal.no-other-channel',
  blocked: 'refusal.blocked',
  'past-point-of-no-return': 'refusal.past-point-of-no-return',
  'representative-acts': 'refusal.representative-acts',
  'guardian-acts': 'refusal.guardian-acts',
  'nothing-to-appeal': 'refusal.nothing-to-appeal',
  'nothing-to-authorise': 'refusal.nothing-to-authorise',
  'certificate-not-ready': 'refusal.certificate-not-ready',
} as const satisfies Partial<Record<RefusalCode, WordKey>>

/** Also of failures that are no refusal of the API: no answer, or a page that broke. */
export function failureKey(code: string): WordKey | undefined {
  if (code === 'unanswered') return 'failure.unanswered'
  return code === 'bug' ? 'failure.bug' : refusalKey(code)
}

export function refusalKey(code: string): WordKey | undefined {
  return Object.hasOwn(sentences, code) ? sentences[code as keyof typeof sentences] : undefined
}
