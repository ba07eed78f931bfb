/** Why: one choice, optional unless the country's policy asks for it. */
import { useState } from 'react'
import { Button } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { useGo } from '../../portal/go.ts'
import type { Closure, Reason } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { Draft, useChange } from './case.tsx'

export const reasonWords: Record<Reason, WordKey> = {
  'too-expensive': 'reason.too-expensive',
  'bad-coverage': 'reason.bad-coverage',
  'changed-phone': 'reason.changed-phone',
  'travel-over': 'reason.travel-over',
  'other-operator': 'reason.other-operator',
  privacy: 'reason.privacy',
  other: 'reason.other',
}

export function ReasonPage() {
  return <Draft step={3}>{(closure) => <Ask closure={closure} />}</Draft>
}

function Ask({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const go = useGo()
  const required = closure.policy.reasonMode === 'required'
  const [reason, setReason, forget] = useDraft<Reason | 'none' | undefined>(
    `reason:${closure.caseId}`,
    closure.reason ?? undefined,
  )
  const [tried, setTried] = useState(false)
  const answers = `/closures/${closure.caseId}/answers`
  const change = useChange(closure)
  const submit = () => {
    setTried(true)
    if (!reason) return
    change.mutate(
      { reason: reason === 'none' ? null : reason },
      {
        onSuccess: () => {
          forget()
          void go(answers, { replace: true })
        },
      },
    )
  }
  const choices = Object.entries(reasonWords).map(([key, word]) => ({
    key: key as Reason | 'none',
    label: t(word),
  }))
  return (
    <Page
      head={t('reason.head')}
      sub={t(required ? 'reason.required' : 'reason.optional')}
      flow={t(closure.scope === 'line' ? 'line.close' : 'account.close')}
      step={3}
      back={`/closures/${closure.caseId}/quote`}
      dock={
        <>
          <Refusal error={change.error} />
          <Button kind="primary" block busy={change.isPending} onClick={submit}>
            {t('reason.go-on')}
          </Button>
        </>
      }
    >
      <div className="mt-5">
        <Choices
          legend={t('reason.head')}
          hideLegend
          choices={
            required ? choices : [...choices, { key: 'none' as const, label: t('reason.none') }]
          }
          value={reason}
          onChange={setReason}
          error={tried && !reason ? t('quote.choose-one') : undefined}
        />
      </div>
    </Page>
  )
}
