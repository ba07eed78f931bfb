/** Cards of the payment simulator: what may be typed, and what each test card does. */
import { createHmac } from 'node:crypto'

export type Outcome =
  | 'succeeds'
  | 'declined'
  | 'insufficient'
  | 'challenge'
  | 'times-out'
  | 'expires-later'

export type Failure =
  | 'card_declined'
  | 'insufficient_funds'
  | 'authentication_failed'
  | 'provider_unavailable'

export const testCards: readonly { number: string; outcome: Outcome }[] = [
  { number: '4242 4242 4242 4242', outcome: 'succeeds' },
  { number: '4000 0000 0000 0002', outcome: 'declined' },
  { number: '4000 0000 0000 9995', outcome: 'insufficient' },
  { number: '4000 0000 0000 3220', outcome: 'challenge' },
  { number: '4000 0000 0000 0119', outcome: 'times-out' },
  { number: '4000 0000 0000 0341', outcome: 'expires-later' },
]

export const CHALLENGE_CODE = '123456'

export type Instrument = {
  brand: string
  last4: string
  expMonth: number
  expYear: number
  fingerprint: string
}

export type Card = { outcome: Outcome; instrument: Instrument }

export type CardField = 'number' | 'expiry' | 'name'
export type CardMistakes = Partial<
  Record<CardField, 'missing' | 'incomplete' | 'wrong' | 'not-a-test-card' | 'past' | 'too-long'>
>

/** Reads the form of the pay page: a card, or what is wrong with each field. */
export function readCard(
  form: Readonly<Record<string, unknown>>,
  today: { year: number; month: number },
  secret: string,
): { card: Card } | { mistakes: CardMistakes } {
  const text = (field: CardField) => {
    const value = form[field]
    return typeof value === 'string' ? value.trim() : ''
  }
  const mistakes: CardMistakes = {}
  const digits = text('number').replaceAll(/[\s-]/g, '')
  const found = testCards.find(({ number }) => number.replaceAll(' ', '') === digits)
  if (digits === '') mistakes.number = 'missing'
  else if (!/^\d+$/.test(digits) || digits.length > 19) mistakes.number = 'wrong'
  else if (digits.length < 13) mistakes.number = 'incomplete'
  else if (!passesLuhn(digits)) mistakes.number = 'wrong'
  else if (!found) mistakes.number = 'not-a-test-card'

  const expiry = readExpiry(text('expiry'))
  if (text('expiry') === '') mistakes.expiry = 'missing'
  else if (!expiry) mistakes.expiry = 'wrong'
  else if (expiry.year * 12 + expiry.month < today.year * 12 + today.month) mistakes.expiry = 'past'

  if (text('name') === '') mistakes.name = 'missing'
  else if (text('name').length > 100) mistakes.name = 'too-long'

  if (!found || !expiry || Object.keys(mistakes).length > 0) return { mistakes }
  const instrument = {
    brand: 'visa',
    last4: digits.slice(-4),
    expMonth: expiry.month,
    expYear: expiry.year,
    fingerprint: createHmac('sha256', secret).update(digits).digest('base64url').slice(0, 22),
  }
  return { card: { outcome: found.outcome, instrument } }
}

function readExpiry(text: string): { year: number; month: number } | undefined {
  const [, month, year] = /^(\d{1,2})\s*[/ -]?\s*(\d{2}|\d{4})$/.exec(text) ?? []
  if (month === undefined || year === undefined) return undefined
  if (Number(month) < 1 || Number(month) > 12) return undefined
  return { month: Number(month), year: year.length === 2 ? 2000 + Number(year) : Number(year) }
}

function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
