/** The rows of a closure's timeline as words: the same in the portal and on the public page. */
import type { ReactNode } from 'react'
import {
  Timeline,
  type TimelineItem,
  type TimelineState,
} from '../../portal/components/timeline.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, PublicClosure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'

type Row = PublicClosure['timeline'][number]

const titles: Record<Row['key'], WordKey> = {
  received: 'step.received',
  announced: 'step.announced',
  'identity-checked': 'step.identity-checked',
  'waiting-time': 'step.waiting-time',
  question: 'step.question',
  review: 'step.review',
  approved: 'step.approved',
  scheduled: 'step.scheduled',
  'texts-only': 'step.texts-only',
  'service-ends': 'step.service-ends',
  'number-kept': 'step.number-kept',
  'number-port': 'step.number-port',
  'other-closures': 'step.other-closures',
  'money-settled': 'step.money-settled',
  refund: 'step.refund',
  certificate: 'step.certificate',
  'signed-out': 'step.signed-out',
  closed: 'step.closed',
  withdrawn: 'step.withdrawn',
  rejected: 'step.rejected',
  'needs-attention': 'step.needs-attention',
  frozen: 'step.frozen',
  'late-usage': 'step.late-usage',
  'bank-decides': 'step.bank-decides',
  appeal: 'step.appeal',
  guardian: 'step.guardian',
  'own-consent': 'step.own-consent',
}

const spoken: Record<TimelineState, WordKey> = {
  done: 'step.is-done',
  now: 'step.is-now',
  todo: 'step.is-to-come',
  paused: 'step.is-paused',
  failed: 'step.is-late',
}

function stateOf(row: Row): TimelineState {
  if (row.key === 'rejected') return 'failed'
  if (row.state === 'late') return 'paused'
  return row.state === 'to-come' ? 'todo' : row.state
}

/** When a step is due by what was agreed, where the case itself does not say yet. */
type Agreed = Partial<Record<Row['key'], string | null | undefined>>

type Props = {
  rows: Row[]
  scope: Closure['scope']
  title?: (row: Row) => ReactNode | undefined
  agreed?: Agreed
}

export function CaseTimeline({ rows, scope, title, agreed }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const whenOf = (row: Row) => {
    if (row.at) return format.moment(row.at)
    if (row.due) return t('step.by', { at: format.moment(row.due) })
    const due = row.state === 'done' ? undefined : agreed?.[row.key]
    return due ? t('step.by', { at: format.day(due) }) : undefined
  }
  const items = rows.map((row): TimelineItem => {
    const state = stateOf(row)
    const ends = row.key === 'service-ends' && scope === 'account'
    const word: WordKey = ends ? 'step.service-ends-account' : titles[row.key]
    return {
      key: row.key,
      state,
      title: title?.(row) ?? t(word),
      detail: row.state === 'late' ? t('step.late') : undefined,
      when: whenOf(row),
      spoken: t(spoken[state]),
    }
  })
  const end = rows.find(({ key }) => key === 'texts-only' || key === 'service-ends')
  return (
    <Timeline
      items={items}
      noReturnBefore={end && end.state !== 'done' ? end.key : undefined}
      noReturn={t('step.no-return')}
    />
  )
}
