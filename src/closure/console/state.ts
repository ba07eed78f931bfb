/** Which colour stands for which state of a case; the word beside it says the same. */
import type { CaseState } from '../../console/wire.ts'
import type { Tone } from '../../portal/components/notice.tsx'

export const tones: Partial<Record<CaseState, Tone>> = {
  in_review: 'info',
  needs_customer: 'warn',
  needs_attention: 'danger',
  frozen: 'danger',
  on_hold: 'warn',
  closed: 'ok',
}
