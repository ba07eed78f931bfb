/** Taking a number along after the account has ended: opened from its last message, by whoever was told. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ByLink } from '../../closure/portal/by-link.tsx'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { queryClient } from '../../portal/queries.ts'
import { refusalKey } from '../../portal/refusals.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Leaving } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CodeGiven } from './code-given.tsx'
import { Stop } from './stop.tsx'

type Given = Leaving & { portCode?: string }
type Number = Leaving['numbers'][number]

const keyOf = (token: string) => ['take-number', token]

export function TakePage() {
  const { token } = useParams({ strict: false }) as { token: string }
  const { t } = useWords()
  const look = useQuery({
    queryKey: keyOf(token),
    queryFn: () => send<Leaving>('POST', '/v1/numbers/leaving/look', { token }),
    retry: false,
  })
  const instead = ['/help', t('freeze.ask')] as const
  return (
    <ByLink look={look} waiting={t('take.head')} over={t('take.none')} instead={instead}>
      {({ numbers }) => (numbers.length === 0 ? <None /> : <Numbers {...{ token, numbers }} />)}
    </ByLink>
  )
}

function None() {
  const { t } = useWords()
  return (
    <Page bare head={t('take.none')} sub={t('take.none-sub')} end={<LanguageSwitch />}>
      <div className="mt-6">
        <ButtonLink kind="even" block to="/help">
          {t('freeze.ask')}
        </ButtonLink>
      </div>
    </Page>
  )
}

function Numbers({ token, numbers }: Leaving & { token: string }) {
  const { t } = useWords()
  const several = numbers.length > 1
  return (
    <Page
      bare
      head={t(several ? 'take.head-many' : 'take.head')}
      sub={t(several ? 'take.sub-many' : 'take.sub')}
      end={<LanguageSwitch />}
    >
      {numbers.map((number) => (
        <One key={number.lineId} token={token} number={number} alone={!several} />
      ))}
      <p className="small c2 mt-6">{t('take.how')}</p>
    </Page>
  )
}

type OneProps = { token: string; number: Number; alone: boolean }

function One({ token, number, alone }: OneProps) {
  const { t } = useWords()
  const { lineId, refusal, port } = number
  const keep = ({ portCode: _, ...next }: Given) => queryClient.setQueryData(keyOf(token), next)
  const ask = (what: 'code' | 'stop') =>
    send<Given>('POST', `/v1/numbers/leaving/${what}`, { token, lineId })
  const get = useMutation({ mutationFn: () => ask('code'), onSuccess: keep })
  const state = port?.state
  const out = state === 'issued' || state === 'pending'
  const portCode = state === 'issued' ? get.data?.portCode : undefined
  return (
    <Section title={<bdi className="num">{formatNumberE164(number.msisdn ?? '')}</bdi>}>
      <Facts number={number} isShown={portCode !== undefined} />
      {portCode && <CodeGiven portCode={portCode} expiresAt={port?.codeExpiresAt} />}
      <WhyNot number={number} />
      <Refusal error={get.error} />
      {refusal === null && (
        <div className="mt-4 grid">
          <Button
            kind={alone && !out ? 'primary' : 'even'}
            busy={get.isPending}
            onClick={() => get.mutate()}
          >
            {t(state === 'issued' ? 'number.new-code' : 'number.get-code')}
          </Button>
        </div>
      )}
      {out && <Stop pending={state === 'pending'} stop={() => ask('stop')} onDone={keep} />}
    </Section>
  )
}

/** How long a code is valid stands beside it as long as it is shown. */
function Facts({ number: { until, port }, isShown }: { number: Number; isShown: boolean }) {
  const { t } = useWords()
  const format = useFormat()
  const at = (moment: string) => format.moment(moment, { year: true })
  return (
    <dl className="kv mt-2">
      <dt>{t('take.until')}</dt>
      <dd>{until ? at(until) : t('take.while-free')}</dd>
      {port?.state === 'issued' && !isShown && (
        <>
          <dt>{t('number.code-valid')}</dt>
          <dd>{at(port.codeExpiresAt)}</dd>
        </>
      )}
      {port?.state === 'pending' && port.dueAt && (
        <>
          <dt>{t('number.moves')}</dt>
          <dd>{at(port.dueAt)}</dd>
        </>
      )}
    </dl>
  )
}

/** That it is on its way already stands above. */
function WhyNot({ number: { refusal } }: { number: Number }) {
  const { t } = useWords()
  const format = useFormat()
  if (!refusal || refusal.code === 'port-pending') return null
  const key = refusal.until ? 'number.held' : refusalKey(refusal.code)
  const at = refusal.until ? format.moment(refusal.until, { year: true }) : ''
  return (
    <div className="mt-4">
      <Notice tone="info" live={false}>
        <p>{key ? t(key, { at }) : refusal.code}</p>
      </Notice>
    </div>
  )
}
