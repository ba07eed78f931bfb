/** Which colour stands for which state of a case; the word beside it says the same. */
import type { CaseState, IntakeRow } from '../../console/wire.ts'
import type { Tone } from '../../portal/components/notice.tsx'

export const tones: Partial<Record<CaseState, Tone>> = {
  in_review: 'info',
  needs_customer: 'warn',
  needs_attention: 'danger',
  frozen: 'danger',
  on_hold: 'warn',
  closed: 'ok',
}

export const intakeTones: Partial<Record<IntakeRow['state'], Tone>> = {
  'in-review': 'info',
  waiting: 'warn',
  opened: 'ok',
  refused: 'danger',
  stopped: 'danger',
}
