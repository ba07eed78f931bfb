/** `violet coupons`: made with an amount and a last day, and listed with how often each was used. */
import { makeCouponCode, readCouponCode } from '../payments/coupon.ts'
import { createCoupon, listCoupons, type NewCoupon } from '../payments/coupon-store.ts'
import { systemClock } from '../platform/clock.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'
import { decimal, fromWire } from '../values/money.ts'
import { withDatabase } from './with-database.ts'

type Write = (text: string) => void
const toStdout: Write = (text) => process.stdout.write(text)

export type CouponFlags = {
  amount: string
  currency: string
  until: string
  uses: string
  code?: string | undefined
  note: string
}

const usesMost = 10_000_000

/** @throws CannotStart for what no coupon can be made of, before anything is opened. */
export function readCoupon(flags: CouponFlags, now: Temporal.Instant): NewCoupon {
  const amount = fromWire({ amount: flags.amount, currency: flags.currency })
  if (!amount || amount.minor <= 0n)
    throw new CannotStart(`--amount must be above zero in ${flags.currency}, such as 5.00.`)
  const expiresAt = endOfDay(flags.until)
  if (Temporal.Instant.compare(expiresAt, now) <= 0)
    throw new CannotStart(`--until must be a day to come, not ${flags.until}.`)
  const usesMax = /^\d{1,8}$/.test(flags.uses) ? Number(flags.uses) : 0
  if (usesMax < 1 || usesMax > usesMost)
    throw new CannotStart(`--uses must be a whole number from 1 to ${usesMost}.`)
  const code =
    flags.code === undefined ? makeCouponCode(systemIds().random(12)) : readCouponCode(flags.code)
  if (code === undefined)
    throw new CannotStart('--code must be 4 to 40 letters, digits and dashes.')
  return { code, amount, expiresAt, usesMax, note: flags.note }
}

/** The last day is part of it, in UTC. */
function endOfDay(text: string): Temporal.Instant {
  try {
    const day = Temporal.PlainDate.from(text)
    return day.add({ days: 1 }).toZonedDateTime('UTC').toInstant()
  } catch {
    throw new CannotStart(`--until must be a day such as 2027-01-31, not "${text}".`)
  }
}

/** Exit code 0: made; 1: there is one of that code already. */
export async function couponsCreateCommand(
  url: string,
  coupon: NewCoupon,
  json: boolean,
  write = toStdout,
): Promise<number> {
  const made = await withDatabase(url, (db) =>
    createCoupon(db, systemIds(), systemClock.now(), coupon),
  )
  const { code, amount } = coupon
  const fields = { code, created: made, amount: decimal(amount), currency: amount.currency }
  if (json) write(`${JSON.stringify(fields)}\n`)
  else if (made) write(`${code}\n`)
  else write(`There is a coupon ${code} already; nothing was made.\n`)
  return made ? 0 : 1
}

export async function couponsListCommand(
  url: string,
  json: boolean,
  write = toStdout,
): Promise<void> {
  const coupons = await withDatabase(url, listCoupons)
  const rows = coupons.map(({ amount, expiresAt, ...rest }) => ({
    ...rest,
    amount: decimal(amount),
    currency: amount.currency,
    expiresAt: expiresAt.toString(),
  }))
  if (json) return write(`${JSON.stringify({ coupons: rows })}\n`)
  if (rows.length === 0) return write('There are no coupons.\n')
  for (const { code, amount, currency, used, usesMax, expiresAt, note } of rows)
    write(
      `${code}  ${amount} ${currency}  used ${used} of ${usesMax}  until ${expiresAt}  ${note}\n`,
    )
}
