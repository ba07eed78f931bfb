/** Which colour stands for which state of a ticket: amber is what waits for staff. */
import type { StaffTicket } from '../../console/wire.ts'
import type { Tone } from '../../portal/components/notice.tsx'

export const ticketStates = ['open', 'answered', 'solved'] as const

export const ticketTones: Record<StaffTicket['state'], Tone> = {
  open: 'warn',
  answered: 'info',
  solved: 'neutral',
}
