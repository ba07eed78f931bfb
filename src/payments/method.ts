/** A card saved at the provider, and what may be done with it. */
import type { z } from 'zod'
import type { Instrument } from './order.ts'
import type { paymentMethodWire } from './method-wire.ts'

export type Method = {
  readonly methodId: string
  readonly instrument: Instrument
  readonly isDefault: boolean
  readonly savedAt: Temporal.Instant
  readonly lines: readonly { lineId: string; nickname: string }[]
}

export const methodsMax = 10

/** A card is good to the end of its month, wherever on earth that ends last. */
export function isExpired({ expMonth, expYear }: Instrument, now: Temporal.Instant): boolean {
  const { year, month } = now.toZonedDateTimeISO('Etc/GMT+12')
  return expYear * 12 + expMonth < year * 12 + month
}

/** The same card saved again replaces what was saved of it: a new date, a new name at the provider. */
export function sameCard(
  methods: readonly Method[],
  { fingerprint, brand, last4 }: Instrument,
): Method | undefined {
  return methods.find(({ instrument }) =>
    fingerprint !== undefined && instrument.fingerprint !== undefined
      ? instrument.fingerprint === fingerprint
      : instrument.brand === brand && instrument.last4 === last4,
  )
}

export function methodShown(
  { methodId, instrument, isDefault, lines }: Method,
  now: Temporal.Instant,
): z.output<typeof paymentMethodWire> {
  const { brand, last4, expMonth, expYear } = instrument
  return {
    methodId,
    instrument: { brand, last4, expMonth, expYear },
    isDefault,
    expired: isExpired(instrument, now),
    lines: [...lines],
  }
}
