/** What subscribers wish for, and what a phone sends and gets on the interim channel. */
import { z } from 'zod'
import { isEid } from './sgp22/eid.ts'
import { isIccid } from './sgp22/identifiers.ts'

const eidWire = z.string().refine(isEid, 'not an EID').describe('32 digits with valid check digits')

export const installationWishWire = z
  .object({
    eid: eidWire.nullable().describe('The only phone that may download it; null: any'),
    confirmationCode: z.boolean().describe('Whether the phone asks for a code before it downloads'),
  })
  .meta({ id: 'InstallationWish' })

export const downloadWire = z.object({ eid: eidWire, matchingId: z.string().min(1).max(64) })
export const downloadedWire = z
  .object({
    iccid: z.string(),
    imsi: z.string(),
    msisdn: z.string().nullable(),
    name: z.string(),
    serviceProvider: z.string(),
  })
  .meta({ id: 'DownloadedProfile' })

export const notificationWire = z.object({
  eid: eidWire,
  iccid: z.string().refine(isIccid, 'not an ICCID'),
  event: z.enum(['install', 'enable', 'disable', 'delete']),
  seq: z
    .int()
    .min(1)
    .describe('Grows with every report of this phone; one seen before changes nothing'),
})
