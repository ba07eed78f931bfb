/** Where a closure stands, with the deadline as headline; it follows by itself until everything is
 * done. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, ButtonLink, Pair, TextLink } from '../../portal/components/button.tsx'
import { Notice, RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Redirect } from '../../portal/redirect.tsx'
import { Page } from '../../portal/page.tsx'
import { rememberReference } from '../../portal/farewell.ts'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Appeal } from './appeal.tsx'
import { homeOf } from './case.tsx'
import { ClosedView } from './closed-view.tsx'
import { headline } from './headline.ts'
import { instrumentText, refunds, refundText } from './quote-text.ts'
import { openQuestion, Questions } from './question.tsx'
import { Reference } from './reference.tsx'
import { Refunds } from './refunds.tsx'
import { CaseTimeline } from './timeline-rows.tsx'

const ended: readonly Closure['state'][] = ['closed', 'withdrawn', 'rejected']

export function ProgressPage() {
  const { caseId } = useParams({ strict: false }) as { caseId: string }
  const { t } = useWords()
  const closure = useQuery({
    ...closureQuery(caseId),
    staleTime: 0,
    refetchInterval: ({ state }) => {
      if (!state.data) return false
      const waitsForCertificate = state.data.state === 'closed' && state.data.certificate === null
      return ended.includes(state.data.state) && !waitsForCertificate ? false : 1_500
    },
  })
  const { data } = closure
  const state = data?.state
  useEffect(() => {
    if (data && data.scope === 'account' && data.state !== 'draft') rememberReference(data)
  }, [data])
  useEffect(() => {
    if (state) void queryClient.invalidateQueries({ queryKey: ['lines'] })
  }, [state])
  if (data?.state === 'draft') {
    return <Redirect to={`/closures/${caseId}/ready`} />
  }
  if (data?.state === 'closed') return <ClosedView closure={data} />
  if (data) return <Progress closure={data} />
  return (
    <Page head={t('case.progress')} back="/lines">
      <Loaded query={closure} skeleton={<RowsSkeleton count={6} />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Progress({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const format = useFormat()
  const { policy, quote } = closure
  const text = headline({ ...closure, ifLate: policy.ifLate, endsAt: quote?.endsAt }, t, format)
  const refund = quote && refunds(quote).length > 0 ? refundText(quote, format) : undefined
  const card = quote?.refundTo[0] && instrumentText(quote.refundTo[0].instrument, t)
  return (
    <Page
      above={<Tag tone={text.tone}>{text.tag}</Tag>}
      head={text.head}
      sub={<span role="status">{text.sub}</span>}
      back={homeOf(closure)}
      dock={<Ways closure={closure} />}
    >
      {isAgreedAgain(closure) && (
        <div className="mt-5 grid">
          <ButtonLink kind="primary" block to={`/closures/${closure.caseId}/quote`}>
            {t('case.look-again')}
          </ButtonLink>
        </div>
      )}
      {closure.rejection?.note && (
        <div className="mt-4">
          <Notice tone="warn">{closure.rejection.note}</Notice>
        </div>
      )}
      <Questions closure={closure} />
      <Appeal closure={closure} />
      <Reference closure={closure} />
      <Refunds closure={closure} />
      <div className="mt-6">
        <CaseTimeline
          rows={closure.timeline}
          scope={closure.scope}
          agreed={{
            'service-ends': quote?.immediate ? undefined : quote?.endsAt,
            refund: quote?.refundBy,
          }}
          title={(row) =>
            row.key === 'refund' && refund && card
              ? t('step.refund-to', { amount: refund, card })
              : undefined
          }
        />
      </div>
      {closure.state === 'settling' && <TextLink to="/delete-guide">{t('delete.link')}</TextLink>}
    </Page>
  )
}

const isAgreedAgain = (closure: Closure) =>
  closure.state === 'needs_customer' && closure.waitsFor === 'owner' && !openQuestion(closure)

/** Withdrawing and asking weigh the same. */
function Ways({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const [asking, setAsking] = useState(false)
  const ask = (
    <ButtonLink
      kind="even"
      to="/help/new"
      search={{
        about: 'closure',
        reference: closure.reference,
        page: `/closures/${closure.caseId}`,
      }}
    >
      {t('case.ask')}
    </ButtonLink>
  )
  if (!closure.canWithdraw) {
    return (
      <Pair>
        <ButtonLink kind="even" to={homeOf(closure)}>
          {t('button.done')}
        </ButtonLink>
        {ask}
      </Pair>
    )
  }
  return (
    <>
      <Pair>
        <Button kind="even" onClick={() => setAsking(true)}>
          {t('case.withdraw')}
        </Button>
        {ask}
      </Pair>
      <Sheet open={asking} onClose={() => setAsking(false)} title={t('withdraw.head')}>
        <Withdraw closure={closure} onDone={() => setAsking(false)} />
      </Sheet>
    </>
  )
}

function Withdraw({ closure, onDone }: { closure: Closure; onDone: () => void }) {
  const { t } = useWords()
  const toast = useToast()
  const { queryKey } = closureQuery(closure.caseId)
  const withdraw = useMutation({
    mutationFn: () => send<Closure>('POST', `/v1/closures/${closure.caseId}/withdraw`),
    onSuccess: async (next) => {
      queryClient.setQueryData(queryKey, next)
      await queryClient.invalidateQueries({ queryKey: ['lines'] })
      toast(t('withdraw.done'))
      onDone()
    },
    onError: (error) => {
      if (problemCode(error) === 'past-point-of-no-return')
        void queryClient.invalidateQueries({ queryKey })
    },
  })
  return (
    <>
      <p className="c2 mb-4">
        {t(closure.scope === 'line' ? 'withdraw.what' : 'withdraw.what-account')}
      </p>
      <Refusal error={withdraw.error} />
      <Pair>
        <Button kind="even" onClick={onDone}>
          {t('withdraw.not')}
        </Button>
        <Button kind="even" busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
          {t('case.withdraw')}
        </Button>
      </Pair>
    </>
  )
}
