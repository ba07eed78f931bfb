/** Step 4: the code, the tick, and the one red button of the portal. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { problemCode, Refused, send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { Summary } from '../../portal/components/ledger.tsx'
import { forgetDrafts, useDraft } from '../../portal/draft.ts'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { Redirect } from '../../portal/redirect.tsx'
import { Page } from '../../portal/page.tsx'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { forgetKnown } from '../../portal/offline/last-known.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, CodeSent, Quote } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { isWithdrawal } from './withdrawal.ts'
import { InboxHint } from '../../subscribers/portal/sign-in-page.tsx'
import { Draft, KeepButton, useClosureName, useLabel } from './case.tsx'
import { CodeTools, SentTo } from './code-tools.tsx'
import type { QuoteBefore } from './quote-tables.tsx'
import { refundText } from './quote-text.ts'

export function ConfirmPage() {
  return (
    <Draft step={4}>
      {(closure) =>
        closure.quote && closure.quote.choicesNeeded.length === 0 ? (
          <Confirm closure={closure} quote={closure.quote} />
        ) : (
          <Redirect to={`/closures/${closure.caseId}/quote`} />
        )
      }
    </Draft>
  )
}

type Props = { closure: Closure; quote: Quote }

/** Sent once on arrival; a reload finds the same code still on its way. */
function useCode(closure: Closure) {
  const [sent, setSent, clear] = useDraft<CodeSent | null>(`code:${closure.caseId}`, null)
  const arrived = useRef(false)
  const ask = useMutation({
    mutationFn: (contactId: string | undefined) =>
      send<CodeSent>('POST', `/v1/closures/${closure.caseId}/code`, contactId ? { contactId } : {}),
    onSuccess: setSent,
  })
  const { mutate } = ask
  useEffect(() => {
    if (arrived.current) return
    arrived.current = true
    if (sent === null || Date.parse(sent.expiresAt) < Date.now()) mutate(undefined)
  }, [mutate, sent])
  return { sent, ask, clear }
}

function useSubmit({ closure, quote }: Props, code: string, onDone: () => void) {
  const go = useGo()
  const [, keepBefore] = useDraft<QuoteBefore | null>(`quote-before:${closure.caseId}`, null)
  const base = `/closures/${closure.caseId}`
  return useMutation({
    mutationFn: () =>
      send<Closure>('POST', `/v1${base}/submit`, { quoteHash: quote.hash, code, understood: true }),
    onSuccess: async (next) => {
      onDone()
      // Whoever leaves leaves nothing here.
      if (closure.scope === 'account') {
        forgetDrafts()
        forgetKnown()
      }
      queryClient.setQueryData(closureQuery(closure.caseId).queryKey, next)
      await queryClient.invalidateQueries({ queryKey: ['lines'] })
      await go(base, { replace: true })
    },
    onError: async (error) => {
      const isGone = problemCode(error) === 'choice-not-allowed'
      if (problemCode(error) !== 'quote-changed' && !isGone) return
      keepBefore({ currencies: quote.currencies, ...(isGone && { isGone }) })
      await takeQuote(closure, error)
      await go(`${base}/quote`, { replace: true })
    },
  })
}

const nothingTyped = { code: '', understood: false }

/** A code that was refused is typed anew; one that never arrived is kept. */
function isOfCode(error: unknown): boolean {
  return problemCode(error)?.startsWith('code-') === true
}

function Confirm({ closure, quote }: Props) {
  const { t } = useWords()
  const sentence = useSentence()
  const [typed, setTyped, forget] = useDraft(`confirm:${closure.caseId}`, nothingTyped)
  const { code, understood } = typed
  const setCode = (digits: string) => setTyped({ ...typed, code: digits })
  const { sent, ask, clear } = useCode(closure)
  const submit = useSubmit({ closure, quote }, code, () => {
    forget()
    clear()
  })
  const wrong = isOfCode(submit.error) ? sentence(submit.error) : undefined
  const ready = code.length === 6 && understood
  const type = (digits: string) => {
    if (digits && submit.error) submit.reset()
    setCode(digits)
  }
  const askAgain = (contactId: string | undefined) => {
    submit.reset()
    setCode('')
    ask.mutate(contactId)
  }
  return (
    <Page
      head={t('confirm.head')}
      sub={<SentTo sent={sent} closure={closure} />}
      flow={t(closure.scope === 'line' ? 'line.close' : 'account.close')}
      step={4}
      back={`/closures/${closure.caseId}/answers`}
      dock={
        <>
          {!wrong && <Refusal error={submit.error ?? ask.error} />}
          <LastStep
            closure={closure}
            ready={ready}
            busy={submit.isPending}
            onClick={() =>
              submit.mutate(undefined, { onError: (error) => isOfCode(error) && setCode('') })
            }
          />
        </>
      }
    >
      <div className="mt-6 grid gap-6">
        <div>
          <CodeField label={t('code.label')} value={code} onChange={type} error={wrong} autoFocus />
          <CodeTools closure={closure} sent={sent} busy={ask.isPending} onAsk={askAgain} />
          <InboxHint />
        </div>
        <WhatHappens closure={closure} quote={quote} />
        <Tick checked={understood} onChange={(on) => setTyped({ ...typed, understood: on })}>
          <Understood closure={closure} quote={quote} />
        </Tick>
      </div>
    </Page>
  )
}

type LastStepProps = { closure: Closure; ready: boolean; busy: boolean; onClick: () => void }

/** The one red button, above its equal: same size, same weight. */
function LastStep({ closure, ready, busy, onClick }: LastStepProps) {
  const { t } = useWords()
  const label = useLabel(closure)
  const ours = t(closure.scope === 'line' ? 'confirm.close-line' : 'confirm.close-account')
  const held = !ready && !busy
  return (
    <>
      {held && (
        <p className="caption c2 mb-2.5" id="confirm-why">
          {t('confirm.both')}
        </p>
      )}
      <div className="stack">
        <Button
          kind="danger"
          block
          busy={busy}
          disabledBy={held ? 'confirm-why' : undefined}
          onClick={onClick}
        >
          {label(isWithdrawal(closure.caseId) ? 'withdraw.confirm' : 'close.confirm', ours)}
        </Button>
        <KeepButton closure={closure} block />
      </div>
    </>
  )
}

/** The refusal brings the new quote along; without it the page asks again. */
async function takeQuote(closure: Closure, error: unknown): Promise<void> {
  const { queryKey } = closureQuery(closure.caseId)
  const quote = error instanceof Refused ? (error.problem['quote'] as Quote | undefined) : undefined
  if (quote) queryClient.setQueryData(queryKey, { ...closure, quote })
  else await queryClient.invalidateQueries({ queryKey })
}

function WhatHappens({ closure, quote }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const name = useClosureName()
  const refund = refundText(quote, format)
  const number = closure.msisdn ? ` ${formatNumberE164(closure.msisdn)}` : ''
  const ends = quote.immediate
    ? t('answers.ends-now')
    : format.moment(quote.endsAt, { year: true, place: true })
  return (
    <Summary
      rows={[
        [t('confirm.closing'), <bdi key="what">{`${name(closure)}${number}`}</bdi>],
        [t('answers.ends'), ends],
        ...(refund ? [[t('answers.refund'), <b key="refund">{refund}</b>] as const] : []),
      ]}
    />
  )
}

function Understood({ closure, quote }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const line = closure.scope === 'line'
  if (quote.immediate) return t(line ? 'confirm.tick-now' : 'confirm.tick-now-account')
  const at = format.moment(quote.endsAt, { year: true })
  return t(line ? 'confirm.tick' : 'confirm.tick-account', { at })
}
