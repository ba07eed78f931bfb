/** Holding a case back while something has to be settled first, and what its owner says to a rejection. */
import { useStaff } from '../../console/session.tsx'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { NotedAct } from './noted-act.tsx'

export function Appeal({ appeal }: { appeal: NonNullable<StaffCase['appeal']> }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <Notice live={false}>
      <b>{t('appeal.title', { when: format.moment(appeal.at) })}</b>{' '}
      <span className="break-words">{appeal.text}</span>
    </Notice>
  )
}

const holdable: readonly StaffCase['closure']['state'][] = [
  'cooling_off',
  'in_review',
  'approved',
  'scheduled',
  'needs_customer',
]

export function HoldButton({ seen }: { seen: StaffCase }) {
  const { role } = useStaff()
  if (!['reviewer', 'admin'].includes(role) || !holdable.includes(seen.closure.state)) return null
  return <NotedAct seen={seen} act="hold" />
}
