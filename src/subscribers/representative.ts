/** Who acts for a subscriber: a guardian until they are of age, a representative of the estate after a death. */
import type { z } from 'zod'
import type { Locale } from '../values/locale.ts'
import type { representativeWire } from './wire.ts'

export type RepresentativeKind = 'guardian' | 'estate'
export type Representative = {
  representativeId: string
  kind: RepresentativeKind
  name: string
  email: string
  /** When the person acted for was born; null for an estate. */
  bornOn: Temporal.PlainDate | null
  locale: Locale
  addedAt: Temporal.Instant
  addedBy: string
}

/** The first moment of the birthday from which on somebody acts alone; of a 29 February, the day before in other years. */
export function comesOfAge(
  bornOn: Temporal.PlainDate,
  adultAge: number,
  timeZone: string,
): Temporal.Instant {
  return bornOn.add({ years: adultAge }).toZonedDateTime(timeZone).toInstant()
}

export function representativeShown(one: Representative): z.input<typeof representativeWire> {
  return {
    representativeId: one.representativeId,
    kind: one.kind,
    name: one.name,
    email: one.email,
    bornOn: one.bornOn?.toString() ?? null,
    addedAt: one.addedAt.toString(),
  }
}
