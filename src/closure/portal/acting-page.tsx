/** For who acts for somebody: a guardian authorises what a minor asked for; after a death, whoever acts for the estate closes. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink, Pair, TextButton } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { CopyButton } from '../../portal/copy.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { formatMasked, formatNumberE164 } from '../../portal/format.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { queryClient } from '../../portal/queries.ts'
import type { Acting, ClosureChoices, CodeSent } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { AppealTo } from './appeal.tsx'
import { ByLink } from './by-link.tsx'
import { Questions } from './quote-questions.tsx'
import { FinalStatement } from './quote-tables.tsx'
import { EndsAt, GoesOn } from './quote-page.tsx'
import { AnswerForm, openQuestion } from './question.tsx'
import { RefundsTo } from './refunds.tsx'

const keyOf = (token: string) => ['act', token]
const keep = (token: string, next: Acting): void =>
  void queryClient.setQueryData(keyOf(token), next)

export function ActingPage() {
  const { token } = useParams({ strict: false }) as { token: string }
  const { t } = useWords()
  const look = useQuery({
    queryKey: keyOf(token),
    queryFn: () => send<Acting>('POST', '/v1/closures/act/look', { token }),
    retry: false,
  })
  const instead = ['/help', t('freeze.ask')] as const
  return (
    <ByLink look={look} waiting={t('closing.waiting')} over={t('act.over')} instead={instead}>
      {(acting) =>
        acting.decides ? (
          <Asked token={token} acting={acting} />
        ) : (
          <Over token={token} acting={acting} />
        )
      }
    </ByLink>
  )
}

/** What is asked: to decide, or what a reviewer wants to know. */
function Asked({ token, acting }: Props) {
  const { t } = useWords()
  const question = openQuestion(acting.closure)
  if (!question) return <Decide token={token} acting={acting} />
  return (
    <Page bare head={t('case.head-question')} sub={t('case.sub-question')} end={<LanguageSwitch />}>
      <AnswerForm
        key={question.questionId}
        question={question}
        answer={async (given) =>
          keep(token, await send<Acting>('POST', '/v1/closures/act/answer', { token, ...given }))
        }
        outrun={() => void queryClient.invalidateQueries({ queryKey: keyOf(token) })}
      />
    </Page>
  )
}

function Over({ token, acting }: Props) {
  const { t } = useWords()
  const { closure, kind } = acting
  const { reference } = closure
  const isStopped = closure.state === 'withdrawn' || closure.state === 'rejected'
  const goesOn = closure.submittedAt !== null && closure.state !== 'closed' && !isStopped
  const done = t(kind === 'estate' ? 'act.done-estate' : 'act.done-guardian')
  const needsAccount =
    kind === 'estate' && closure.refunds.some(({ state }) => state === 'needs-account')
  const going = needsAccount ? t('act.account') : done
  const head = isStopped ? t('act.declined') : goesOn ? going : t('act.over')
  const sub = isStopped
    ? t('act.declined-sub')
    : t(goesOn ? 'act.done-sub' : 'act.over-sub', { reference })
  return (
    <Page
      bare
      head={head}
      sub={<span role="status">{sub}</span>}
      end={<LanguageSwitch />}
      dock={
        <ButtonLink kind="even" block to={`/c/${reference}`}>
          {t('case.progress')}
        </ButtonLink>
      }
    >
      {kind === 'estate' && <After token={token} acting={acting} />}
    </Page>
  )
}

/** What who acts for the estate can still do: say where a refund goes that its card refused, and appeal. */
function After({ token, acting: { closure, name } }: Props) {
  const say = async (what: string, body: object) =>
    keep(token, await send<Acting>('POST', `/v1/closures/act/${what}`, { token, ...body }))
  return (
    <>
      {closure.rejection?.note && (
        <div className="mt-4">
          <Notice tone="warn">{closure.rejection.note}</Notice>
        </div>
      )}
      <AppealTo closure={closure} appeal={(text) => say('appeal', { text })} />
      <RefundsTo
        closure={closure}
        payee={{
          name,
          country: closure.policy.country,
          askCode: () => send<CodeSent>('POST', '/v1/closures/act/code', { token }),
          nameAccount: (refundId, given) => say('account', { refundId, ...given }),
        }}
      />
    </>
  )
}

type Props = { token: string; acting: Acting }

function useActing({ token, acting }: Props, code: string) {
  const body = { token, quoteHash: acting.closure.quote?.hash ?? '', code, understood: true }
  const onSuccess = (next: Acting) => keep(token, next)
  return {
    confirm: useMutation({
      mutationFn: () => send<Acting>('POST', '/v1/closures/act/confirm', body),
      onSuccess,
    }),
    decline: useMutation({
      mutationFn: () => send<Acting>('POST', '/v1/closures/act/decline', { token }),
      onSuccess,
    }),
    choose: useMutation({
      mutationFn: (choices: ClosureChoices) =>
        send<Acting>('POST', '/v1/closures/act/choices', { token, choices }),
      onSuccess,
    }),
  }
}

function Decide({ token, acting }: Props) {
  const { t } = useWords()
  const [code, setCode] = useState('')
  const [understood, setUnderstood] = useState(false)
  const [tried, setTried] = useState(false)
  const { confirm, decline, choose } = useActing({ token, acting }, code)
  const { closure, subscriberName: name, kind } = acting
  const { quote } = closure
  const isOpen = quote === null || quote.choicesNeeded.length > 0
  const ready = code.length === 6 && understood && !isOpen
  const goOn = () => {
    setTried(true)
    if (ready) confirm.mutate(undefined, { onError: () => setCode('') })
  }
  const head = closure.lineName
    ? t('act.head-line', { line: closure.lineName, name })
    : t('act.head-account', { name })
  return (
    <Page
      bare
      head={head}
      sub={quote && <EndsAt closure={closure} quote={quote} />}
      end={<LanguageSwitch />}
      dock={
        <>
          <Refusal error={confirm.error ?? decline.error ?? choose.error} />
          <Ways
            kind={kind}
            ready={ready}
            declining={decline.isPending}
            confirming={confirm.isPending}
            onDecline={() => decline.mutate()}
            onConfirm={goOn}
          />
        </>
      }
    >
      <p className="c2 mt-4">{t(kind === 'estate' ? 'act.estate' : 'act.age', { name })}</p>
      {quote && <GoesOn quote={quote} />}
      {quote?.currencies.map((table) => (
        <div className="mt-5" key={table.currency}>
          <FinalStatement table={table} several={false} lineName={() => undefined} open />
        </div>
      ))}
      {quote && kind === 'estate' && (
        <Questions
          quote={quote}
          chosen={choose.variables ?? closure.choices}
          tried={tried}
          onChange={choose.mutate}
        />
      )}
      <Numbers token={token} acting={acting} code={code} onUsed={() => setCode('')} />
      <Code token={token} code={code} onChange={setCode} />
      <Section>
        <Tick checked={understood} onChange={setUnderstood}>
          {t('act.tick')}
        </Tick>
      </Section>
    </Page>
  )
}

type WaysProps = {
  kind: Acting['kind']
  ready: boolean
  declining: boolean
  confirming: boolean
  onDecline: () => void
  onConfirm: () => void
}

/** Closing and not closing weigh the same. */
function Ways({ kind, ready, declining, confirming, onDecline, onConfirm }: WaysProps) {
  const { t } = useWords()
  return (
    <>
      {!ready && (
        <p className="caption c2 mb-2.5" id="act-why">
          {t('confirm.both')}
        </p>
      )}
      <Pair>
        <Button kind="even" busy={declining} onClick={onDecline}>
          {t('act.decline')}
        </Button>
        <Button
          kind="danger"
          busy={confirming}
          disabledBy={ready ? undefined : 'act-why'}
          onClick={onConfirm}
        >
          {t(kind === 'estate' ? 'act.close' : 'act.authorise')}
        </Button>
      </Pair>
    </>
  )
}

type CodeProps = { token: string; code: string; onChange: (code: string) => void }

function Code({ token, code, onChange }: CodeProps) {
  const { t } = useWords()
  const ask = useMutation({
    mutationFn: () => send<CodeSent>('POST', '/v1/closures/act/code', { token }),
  })
  return (
    <Section>
      <CodeField label={t('code.label')} value={code} onChange={onChange} />
      <p className="small c2 mt-2" role="status">
        {ask.data && t('act.sent', { to: formatMasked(ask.data.maskedTo) })}
      </p>
      <Refusal error={ask.error} />
      <TextButton busy={ask.isPending} onClick={() => ask.mutate()}>
        {t(ask.data ? 'code.again' : 'act.send')}
      </TextButton>
    </Section>
  )
}

type NumberProps = Props & { code: string; onUsed: () => void }

/** A number of who died can go on with the heirs; the code that is typed below proves who asks. */
function Numbers({ token, acting, code, onUsed }: NumberProps) {
  const { t } = useWords()
  const take = useMutation({
    mutationFn: (lineId: string) =>
      send<{ portCode: string }>('POST', '/v1/closures/act/number', { token, lineId, code }),
    onSettled: onUsed,
  })
  if (acting.numbers.length === 0) return null
  return (
    <Section title={t('act.number')}>
      <p className="small c2 mb-2">{t('act.number-why')}</p>
      <ul className="rows">
        {acting.numbers.map(({ lineId, msisdn }) => (
          <li className="row" key={lineId}>
            <bdi className="grow mid num">{formatNumberE164(msisdn)}</bdi>
            <TextButton
              busy={take.isPending && take.variables === lineId}
              onClick={() => take.mutate(lineId)}
            >
              {t('act.number-get')}
            </TextButton>
          </li>
        ))}
      </ul>
      <Refusal error={take.error} />
      {take.data && (
        <Notice>
          {t('act.number-code')} <bdi className="mono strong">{take.data.portCode}</bdi>
          <CopyButton text={take.data.portCode} label={t('act.number')} />
        </Notice>
      )}
    </Section>
  )
}
