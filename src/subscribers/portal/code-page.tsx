/** A code that was sent, typed in on a page of its own: tried, corrected, asked for again. */
import { useMutation, type UseMutationResult } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import type { CodeSent } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { InboxHint } from './sign-in-page.tsx'

/** Asks for the code once, when its page opens; `mutate` asks again. */
export function useCodeAsked(path: string) {
  const ask = useMutation({ mutationFn: () => send<CodeSent>('POST', path, {}) })
  const asked = useRef(false)
  const { mutate } = ask
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    mutate()
  }, [mutate])
  return ask
}

type Props = {
  head: string
  /** Where it was sent; undefined while that is under way. */
  to: string | undefined
  /** The word on the button that tries it. */
  enter: string
  /** Tried without the button, as soon as it is complete. */
  atOnce?: boolean
  check: Pick<UseMutationResult<unknown, Error, string>, 'mutate' | 'reset' | 'error' | 'isPending'>
  again: Pick<UseMutationResult<unknown, Error, void>, 'mutate' | 'error' | 'isPending'>
  /** Where to instead, in a word. */
  other: string
  onOther: () => void
}

export function CodePage({ head, to, enter, atOnce, check, again, other, onOther }: Props) {
  const { t, rich } = useWords()
  const sentence = useSentence()
  const [code, setCode] = useState('')
  const [short, setShort] = useState(false)
  const tryIt = (digits: string) => {
    if (digits.length < 6) setShort(true)
    else if (!check.isPending) check.mutate(digits, { onError: () => setCode('') })
  }
  const type = (digits: string) => {
    if (digits && check.error) check.reset()
    setShort(false)
    setCode(digits)
    if (atOnce && digits.length === 6) tryIt(digits)
  }
  const wrong = problemCode(check.error)?.startsWith('code-') ? sentence(check.error) : undefined
  const whereTo = to && <bdi className="strong">{to}</bdi>
  return (
    <Page
      head={head}
      sub={whereTo ? rich('sign-in.code-sent', { to: whereTo }) : t('confirm.sending')}
      dock={
        <Button kind="primary" block busy={check.isPending} onClick={() => tryIt(code)}>
          {enter}
        </Button>
      }
    >
      <div className="mt-6">
        {!wrong && <Refusal error={check.error ?? again.error} />}
        <CodeField
          label={t('code.label')}
          value={code}
          onChange={type}
          error={short ? t('code.short') : wrong}
          autoFocus
        />
        <div className="flex flex-wrap justify-between gap-x-4 mt-1">
          <TextButton busy={again.isPending} onClick={() => again.mutate()}>
            {t('code.again')}
          </TextButton>
          <TextButton onClick={onOther}>{other}</TextButton>
        </div>
        <InboxHint />
      </div>
    </Page>
  )
}
