/** The one-time code before a number may leave or is unlocked: to a channel that is not the number. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { formatMasked } from '../../portal/format.ts'
import { Page } from '../../portal/page.tsx'
import type { CodeSent, PortOut } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { InboxHint } from '../../subscribers/portal/sign-in-page.tsx'

type Props = {
  lineId: string
  purpose: 'code' | 'unlock'
  confirm: (code: string) => Promise<PortOut & { portCode?: string }>
  onDone: (next: PortOut & { portCode?: string }) => void
  onBack: () => void
}

export function StepUp({ lineId, purpose, confirm, onDone, onBack }: Props) {
  const { t, rich } = useWords()
  const sentence = useSentence()
  const [code, setCode] = useState('')
  const [short, setShort] = useState(false)
  const ask = useMutation({
    mutationFn: () => send<CodeSent>('POST', `/v1/lines/${lineId}/port-out/confirmation`, {}),
  })
  const check = useMutation({
    mutationFn: confirm,
    onSuccess: onDone,
    onError: () => setCode(''),
  })
  const asked = useRef(false)
  const { mutate } = ask
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    mutate()
  }, [mutate])
  const type = (digits: string) => {
    if (digits && check.error) check.reset()
    setShort(false)
    setCode(digits)
  }
  const wrong = problemCode(check.error)?.startsWith('code-') ? sentence(check.error) : undefined
  const to = ask.data && <bdi className="strong">{formatMasked(ask.data.maskedTo)}</bdi>
  return (
    <Page
      head={t(purpose === 'code' ? 'number.confirm-code' : 'number.confirm-unlock')}
      sub={to ? rich('sign-in.code-sent', { to }) : t('confirm.sending')}
      dock={
        <Button
          kind="primary"
          block
          busy={check.isPending}
          onClick={() => (code.length < 6 ? setShort(true) : check.mutate(code))}
        >
          {t(purpose === 'code' ? 'number.get-code' : 'number.unlock')}
        </Button>
      }
    >
      <div className="mt-6">
        {!wrong && <Refusal error={check.error ?? ask.error} />}
        <CodeField
          label={t('code.label')}
          value={code}
          onChange={type}
          error={short ? t('code.short') : wrong}
          autoFocus
        />
        <div className="flex flex-wrap justify-between gap-x-4 mt-1">
          <TextButton busy={ask.isPending} onClick={() => ask.mutate()}>
            {t('code.again')}
          </TextButton>
          <TextButton onClick={onBack}>{t('button.cancel')}</TextButton>
        </div>
        <InboxHint />
      </div>
    </Page>
  )
}
