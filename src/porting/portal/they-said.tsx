/** Why the other operator did not give a number, in words where its reason is one of the usual ones. */
import { useWords } from '../../portal/words.tsx'

const usual = {
  'number-unknown': 'number.said-unknown',
  'code-wrong': 'number.said-code-wrong',
  'code-expired': 'number.said-code-expired',
  locked: 'number.said-locked',
  'not-portable': 'number.said-not-portable',
  'already-pending': 'number.said-pending',
} as const

export function TheySaid({ reason }: { reason: string }) {
  const { t } = useWords()
  const known = Object.hasOwn(usual, reason) ? usual[reason as keyof typeof usual] : undefined
  return <p className="small c2 mt-3">{known ? t(known) : t('number.they-said', { reason })}</p>
}
