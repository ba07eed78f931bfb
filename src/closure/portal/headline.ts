/** The headline and the line below it for each state of a case: what happens next, and when. */
import type { Tone } from '../../portal/components/notice.tsx'
import type { useFormat } from '../../portal/use-format.ts'
import type { Closure, PublicClosure } from '../../portal/wire.ts'
import type { Translate } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'

type State = Closure['state']
type Case = Pick<PublicClosure, 'state' | 'dueAt' | 'ifLate' | 'scope' | 'timeline'> & {
  endsAt?: string | undefined
  proof?: PublicClosure['proof']
  waitsFor?: Closure['waitsFor']
}
type Text = { tag: string; tone: Tone; head: string; sub: string }

const tags: Record<State, readonly [WordKey, Tone]> = {
  draft: ['case.draft', 'neutral'],
  submitted: ['case.received', 'info'],
  verifying: ['case.received', 'info'],
  cooling_off: ['case.waiting', 'info'],
  in_review: ['case.in-review', 'info'],
  approved: ['case.approved', 'ok'],
  scheduled: ['case.approved', 'ok'],
  executing: ['case.ending', 'info'],
  settling: ['case.settling', 'info'],
  closed: ['line.closed', 'ok'],
  needs_customer: ['case.needs-you', 'warn'],
  on_hold: ['case.on-hold', 'warn'],
  withdrawn: ['case.withdrawn', 'neutral'],
  rejected: ['case.rejected', 'danger'],
  needs_attention: ['case.stuck', 'warn'],
  frozen: ['case.frozen', 'warn'],
}

const heads: Partial<Record<State, readonly [WordKey, WordKey]>> = {
  submitted: ['case.head-received', 'case.sub-received'],
  verifying: ['case.head-received', 'case.sub-received'],
  executing: ['case.head-ending', 'case.sub-ending'],
  settling: ['case.head-settling', 'case.sub-settling'],
  closed: ['case.head-closed', 'case.sub-closed'],
  needs_customer: ['case.head-needs-you', 'case.sub-needs-you'],
  on_hold: ['case.head-on-hold', 'case.sub-on-hold'],
  withdrawn: ['case.head-withdrawn', 'case.sub-withdrawn'],
  rejected: ['case.head-rejected', 'case.sub-rejected'],
  needs_attention: ['case.head-stuck', 'case.sub-stuck'],
  frozen: ['case.head-frozen', 'case.sub-frozen'],
}

/** Asked for without signing in. */
const proofs: Record<NonNullable<PublicClosure['proof']>, readonly [WordKey, WordKey]> = {
  needed: ['proof.head', 'proof.public-sub'],
  judged: ['proof.judged', 'proof.public-sub'],
  'not-shown': ['proof.over', 'proof.over-sub'],
}

export function headline(closure: Case, t: Translate, format: ReturnType<typeof useFormat>): Text {
  const { state, dueAt, ifLate, endsAt } = closure
  const [tag, tone] = tags[state]
  const said = (head: string, sub: string): Text => ({ tag: t(tag), tone, head, sub })
  const review = closure.timeline.find(({ key }) => key === 'review')
  if (state === 'in_review' && review?.state === 'late')
    return said(t('case.head-late'), t('case.sub-late'))
  if (state === 'in_review' && dueAt) {
    const at = format.moment(dueAt, { weekday: true })
    const late = ifLate === 'approved' ? t('case.late-approved') : t('case.late-escalated')
    return said(t('case.head-decide', { at }), late)
  }
  if (state === 'cooling_off' && dueAt) {
    return said(
      t('case.head-waiting', { at: format.moment(dueAt, { weekday: true }) }),
      t('case.sub-waiting'),
    )
  }
  const texts = closure.timeline.find(({ key }) => key === 'texts-only')
  if (state === 'executing' && texts?.due)
    return said(t('step.texts-only'), t('answers.texts-until', { at: format.moment(texts.due) }))
  const proof = closure.proof && proofs[closure.proof]
  if (proof) {
    const at = dueAt ? format.day(dueAt, { weekday: true }) : ''
    return said(t(proof[0], { at }), t(proof[1]))
  }
  if (closure.waitsFor === 'guardian')
    return { ...said(t('case.head-guardian'), t('case.sub-guardian')), tag: t('case.guardian') }
  const question = closure.timeline.find(({ key }) => key === 'question')
  if (question && question.state !== 'done' && state === 'needs_customer')
    return said(t('case.head-question'), t('case.sub-question'))
  const consent = closure.timeline.find(({ key }) => key === 'own-consent')
  if (consent && consent.state !== 'done' && state === 'needs_customer')
    return said(t('case.head-needs-you'), t('case.sub-of-age'))
  const port = closure.timeline.find(({ key }) => key === 'number-port')
  if (port && state === 'needs_customer')
    return said(t('case.head-needs-you'), t('case.sub-number'))
  if ((state === 'approved' || state === 'scheduled') && port && port.state !== 'done')
    return said(t('case.head-number-waits'), t('case.sub-number-waits'))
  if (state === 'approved' || state === 'scheduled') {
    const ends = closure.timeline.find(({ key }) => key === 'service-ends')?.due
    const isLater = ends && endsAt && Date.parse(ends) > Date.parse(endsAt)
    const at = isLater ? ends : (endsAt ?? dueAt)
    const head = at
      ? t('case.head-ends', { at: format.moment(at, { weekday: true, year: true }) })
      : t('case.head-approved')
    return said(head, t('case.sub-approved'))
  }
  const others = closure.timeline.find(({ key }) => key === 'other-closures')
  if (state === 'settling' && others && others.state !== 'done')
    return said(t('case.head-others'), t('case.sub-others'))
  const [head, sub] = heads[state] ?? ['case.head-received', 'case.sub-received']
  return said(t(head), t(sub))
}
