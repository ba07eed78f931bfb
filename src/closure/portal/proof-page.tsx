/** Showing that it is you who asked to close without signing in: by a code, or by what a person can judge. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, ButtonLink, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { formatMasked } from '../../portal/format.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { queryClient } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Intake } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { ByLink } from './by-link.tsx'
import { Reference } from './reference.tsx'

const keyOf = (token: string) => ['intake', token]

type Act = 'look' | 'code' | 'prove' | 'answers' | 'withdraw'
function useAct(token: string, act: Act) {
  return useMutation({
    mutationFn: (body: object = {}) =>
      send<Intake>('POST', `/v1/closures/intake/${act}`, { token, ...body }),
    onSuccess: (next) => queryClient.setQueryData(keyOf(token), next),
  })
}

export function ProofPage() {
  const { token } = useParams({ strict: false }) as { token: string }
  const { t } = useWords()
  const look = useQuery({
    queryKey: keyOf(token),
    queryFn: () => send<Intake>('POST', '/v1/closures/intake/look', { token }),
    retry: false,
  })
  const instead = ['/close', t('shop.close')] as const
  return (
    <ByLink look={look} waiting={t('intake.head')} over={t('act.over')} instead={instead}>
      {(intake) =>
        intake.proof === 'needed' || intake.proof === 'judged' ? (
          <Show token={token} intake={intake} />
        ) : (
          <Over intake={intake} />
        )
      }
    </ByLink>
  )
}

type Props = { token: string; intake: Intake }

function Over({ intake: { reference, state, proof } }: { intake: Intake }) {
  const { t } = useWords()
  const isShown = proof === null && state !== 'withdrawn'
  const head = isShown
    ? t('proof.shown')
    : t(state === 'withdrawn' ? 'case.head-withdrawn' : 'proof.over')
  const sub = isShown
    ? t('proof.shown-sub')
    : t(state === 'withdrawn' ? 'case.sub-withdrawn' : 'proof.over-sub')
  return (
    <Page
      bare
      head={head}
      sub={<span role="status">{sub}</span>}
      end={<LanguageSwitch />}
      dock={
        <ButtonLink
          kind={isShown ? 'primary' : 'even'}
          block
          to={isShown ? `/c/${reference}` : '/close'}
        >
          {t(isShown ? 'case.progress' : 'proof.again')}
        </ButtonLink>
      }
    >
      <Reference closure={{ reference }} />
    </Page>
  )
}

function Show({ token, intake }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const [code, setCode] = useState('')
  const [short, setShort] = useState(false)
  const prove = useAct(token, 'prove')
  const withdraw = useAct(token, 'withdraw')
  const isJudged = intake.proof === 'judged'
  const enter = () => {
    setShort(code.length < 6)
    if (code.length === 6) prove.mutate({ code }, { onError: () => setCode('') })
  }
  const head = isJudged
    ? t('proof.judged')
    : t('proof.head', { at: format.day(intake.dueAt, { weekday: true }) })
  return (
    <Page
      bare
      head={head}
      sub={t(isJudged ? 'proof.judged-sub' : 'proof.sub', {
        at: format.moment(intake.receivedAt),
      })}
      end={<LanguageSwitch />}
      dock={
        <Button kind="primary" block busy={prove.isPending} onClick={enter}>
          {t('proof.enter')}
        </Button>
      }
    >
      <Reference closure={intake} />
      {intake.asked && <AskedFor asked={intake.asked} />}
      <Code
        token={token}
        intake={intake}
        code={code}
        onChange={(next) => {
          setShort(false)
          setCode(next)
        }}
        error={short ? t('code.short') : undefined}
        refused={prove.error}
      />
      {!isJudged && <Evidence token={token} intake={intake} />}
      {intake.canWithdraw && (
        <Section title={t('proof.take-back')}>
          <p className="small c2 mt-1">{t('proof.take-back-sub')}</p>
          <Refusal error={withdraw.error} />
          <TextButton busy={withdraw.isPending} onClick={() => withdraw.mutate({})}>
            {t('proof.withdraw')}
          </TextButton>
        </Section>
      )}
    </Page>
  )
}

type CodeProps = Props & {
  code: string
  onChange: (code: string) => void
  error: string | undefined
  refused: unknown
}

/** Whether a code went anywhere is not said: it goes only where the account is reached already. */
function Code({ token, intake, code, onChange, error, refused }: CodeProps) {
  const { t, rich } = useWords()
  const sentence = useSentence()
  const again = useAct(token, 'code')
  const isOfCode = problemCode(refused)?.startsWith('code-')
  return (
    <Section title={t('proof.code')}>
      <p className="small c2 mt-1 mb-3">
        {rich('proof.code-sub', { to: <bdi>{formatMasked(intake.maskedTo)}</bdi> })}
      </p>
      {!isOfCode && <Refusal error={refused ?? again.error} />}
      <CodeField
        label={t('code.label')}
        value={code}
        onChange={onChange}
        error={error ?? (isOfCode && code === '' ? sentence(refused) : undefined)}
      />
      {isOfCode && <Refusal error={again.error} />}
      <TextButton busy={again.isPending} onClick={() => again.mutate({})}>
        {t('code.again')}
      </TextButton>
      {again.isSuccess && (
        <p className="small c2" role="status">
          {t('proof.asked-again')}
        </p>
      )}
    </Section>
  )
}

type Kind = Intake['evidence'][number]
const labels: Record<Kind, WordKey> = {
  name: 'proof.name',
  postal_address: 'proof.postal-address',
  email: 'proof.email',
  contract_reference: 'proof.contract',
  line_number: 'proof.line-number',
  account_pin: 'proof.pin',
  sim_serial: 'proof.iccid',
  tax_code: 'proof.tax-code',
  id_document: 'proof.id-number',
}

function AskedFor({ asked }: { asked: NonNullable<Intake['asked']> }) {
  const { t } = useWords()
  const what = asked.what.map((kind) => t(kind === 'id_copy' ? 'proof.id-copy' : labels[kind]))
  return (
    <div className="mt-5">
      <Notice tone="warn">
        <b>{t('proof.asked')}</b> <span>{what.join(' · ')}</span>
        {asked.note && <span className="block break-words">{asked.note}</span>}
      </Notice>
    </div>
  )
}

type Answers = Partial<Record<Kind, string>>
const nobody: { token: string; answers: Answers } = { token: '', answers: {} }

/** Only what the rules of the country let us ask, and none of it has to be given. */
function Evidence({ token, intake }: Props) {
  const { t } = useWords()
  const [draft, setDraft, forget] = useDraft<{ token: string; answers: Answers }>('proof', nobody)
  const answers = draft.token === token ? draft.answers : nobody.answers
  const [tried, setTried] = useState(false)
  const send_ = useAct(token, 'answers')
  const given = Object.entries(answers).flatMap(([kind, text]) =>
    text.trim() ? [[kind, text.trim()] as const] : [],
  )
  if (intake.evidence.length === 0) {
    return (
      <Section title={t('proof.without')}>
        <p className="small c2 mt-1">{t('proof.only-code')}</p>
      </Section>
    )
  }
  const first = tried && given.length === 0 ? t('proof.one-at-least') : undefined
  return (
    <Section title={t('proof.without')}>
      <p className="small c2 mt-1 mb-4">{t('proof.without-sub')}</p>
      <form
        className="grid gap-5"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (given.length > 0 && !send_.isPending)
            send_.mutate({ answers: Object.fromEntries(given) }, { onSuccess: forget })
        }}
      >
        {intake.evidence.map((kind, at) => (
          <TextField
            key={kind}
            label={t(labels[kind])}
            value={answers[kind] ?? ''}
            maxLength={200}
            onChange={(text) => setDraft({ token, answers: { ...answers, [kind]: text } })}
            error={at === 0 ? first : undefined}
          />
        ))}
        <Refusal error={send_.error} />
        <Button kind="even" block submit busy={send_.isPending}>
          {t('proof.send')}
        </Button>
      </form>
    </Section>
  )
}
