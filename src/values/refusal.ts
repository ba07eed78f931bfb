/** Every expected "no" of Violet: a stable code, its HTTP status, and a sentence in the problem catalogs. */
export const refusalStatus = {
  'not-signed-in': 401,
  'staff-not-signed-in': 401,
  'not-your-role': 403,
  'foreign-origin': 403,
  'not-found': 404,
  'invalid-request': 422,
  'not-json': 400,
  'unsupported-media-type': 415,
  'body-too-large': 413,
  'too-many-requests': 429,
  'idempotency-key-missing': 400,
  'idempotency-key-reused': 422,
  'still-in-progress': 409,
  'changed-meanwhile': 409,
  'unknown-currency': 422,
  'wrong-currency': 422,
  'amount-out-of-range': 422,
  'bad-signature': 401,
  'period-not-valid': 422,
  // sign-in, contacts, codes
  'account-closed': 403,
  'profile-incomplete': 409,
  'code-wrong': 422,
  'code-expired': 422,
  'code-used': 422,
  'code-too-many': 429,
  'code-not-asked': 409,
  'contact-invalid': 422,
  'contact-taken': 409,
  'contact-last': 409,
  'contact-needed': 409,
  // plans, orders, lines
  'plan-not-sold': 404,
  'adjustment-not-allowed': 422,
  'order-not-open': 409,
  'payment-unavailable': 503,
  'numbers-exhausted': 409,
  'line-closing': 409,
  'line-closed': 409,
  'line-not-active': 409,
  'suspended-by-operator': 409,
  'profile-not-available': 409,
  'profile-in-preparation': 409,
  'profile-download-failed': 409,
  'profiles-exhausted': 409,
  'plan-unchanged': 409,
  'plan-has-ended': 409,
  'plan-other-number': 409,
  'companion-needs-line': 409,
  'addon-not-sold': 404,
  'only-at-renewal': 409,
  'allowance-used': 409,
  'not-enough-credit': 409,
  'same-line': 422,
  'coupon-unknown': 404,
  'coupon-expired': 409,
  'coupon-used': 409,
  'line-without-number': 409,
  'number-gone': 409,
  'port-not-offered': 409,
  'port-pending': 409,
  'port-arrears': 409,
  'port-locked': 409,
  'port-held': 409,
  'port-refused': 409,
  'number-not-portable': 422,
  'number-other-country': 422,
  'number-here': 409,
  'number-arriving': 409,
  'activation-code-unknown': 404,
  'activation-code-used': 409,
  // closure
  'closure-open': 409,
  'not-a-draft': 409,
  'quote-changed': 409,
  'choice-missing': 409,
  'choice-not-allowed': 422,
  'reason-missing': 409,
  'reason-not-asked': 422,
  'contact-is-closing-line': 409,
  'no-other-channel': 409,
  blocked: 409,
  'past-point-of-no-return': 409,
  'closed-by-operator': 409,
  'nothing-to-close': 422,
  'already-decided': 409,
  'reason-code-missing': 422,
  'claimed-by-other': 409,
  'requester-cannot-decide': 403,
  'certificate-not-ready': 409,
  'nothing-to-retry': 409,
  'account-not-valid': 422,
  'account-not-asked': 409,
  'link-not-valid': 404,
  'closed-already': 409,
  'birth-date-not-valid': 422,
  'representative-registered': 409,
  'representative-missing': 409,
  'representative-acts': 403,
  'guardian-acts': 409,
  'nothing-to-authorise': 409,
  'nothing-to-appeal': 409,
  'nothing-to-hold': 409,
  'rejected-by-you': 403,
} as const satisfies Record<string, number>

export type RefusalCode = keyof typeof refusalStatus

export type Refusal = {
  readonly refused: RefusalCode
  /** Facts for the sentence; amounts as decimals, moments as RFC 3339. */
  readonly facts: Readonly<Record<string, string>>
  /** Members added to the problem, for programs. */
  readonly extension?: Readonly<Record<string, unknown>>
}

export function refuse(
  code: RefusalCode,
  facts: Record<string, string> = {},
  extension?: Record<string, unknown>,
): Refusal {
  return extension ? { refused: code, facts, extension } : { refused: code, facts }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}
