/** The whole history of a case, oldest first: what happened, by whom, when. */
import type { CaseEvent } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Timeline } from '../../portal/components/timeline.tsx'
import { useFormat } from '../../portal/use-format.ts'

const bad = new Set([
  'needs-attention',
  'review-late',
  'answer-late',
  'rejected',
  'refund-failed',
  'refund-late',
])

export function CaseEvents({ events }: { events: readonly CaseEvent[] }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const items = events.map((event, at) => {
    const last = at === events.length - 1
    const [kind = '', subject = ''] = event.kind.split(':')
    const state = bad.has(kind) ? ('failed' as const) : last ? ('now' as const) : ('done' as const)
    return {
      key: String(event.seq),
      state,
      title: code('event', kind),
      detail: [actorText(event), subject].filter(Boolean).join(' · ') || undefined,
      when: format.moment(event.at),
      spoken: t(state === 'failed' ? 'events.trouble' : 'events.done'),
    }
  })
  function actorText({ actorKind, actor }: CaseEvent): string {
    if (actorKind === 'system') return ''
    if (actorKind === 'staff') return t('events.by', { name: actor })
    return t(actorKind === 'representative' ? 'events.representative' : 'events.subscriber')
  }
  return (
    <section className="casesect">
      <h2 className="strong">{t('events.title')}</h2>
      <Timeline items={items} noReturn="" />
    </section>
  )
}
