/** A line's number: the code to take it to another operator, how far that is, and the lock against it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, linkProps } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { Page, Section } from '../../portal/page.tsx'
import { portOutQuery } from '../../portal/line-queries.ts'
import { refusalKey } from '../../portal/refusals.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { PortOut } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { CodeGiven } from './code-given.tsx'
import { Stop } from './stop.tsx'
import { TheySaid } from './they-said.tsx'
import { StepUp } from './step-up.tsx'

type Given = PortOut & { portCode?: string }
type Props = { lineId: string; port: PortOut }

export function NumberPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const query = useQuery({ ...portOutQuery(lineId), refetchInterval: 5_000 })
  const [step, setStep] = useState<'code' | 'unlock'>()
  const [portCode, setPortCode] = useState<string>()
  const client = useQueryClient()
  if (!query.data) {
    return (
      <Page head={t('number.title')} back={`/lines/${lineId}`}>
        <Loaded query={query} skeleton={<RowsSkeleton count={3} />}>
          {() => null}
        </Loaded>
      </Page>
    )
  }
  const keep = ({ portCode: code, ...next }: Given) => {
    client.setQueryData(portOutQuery(lineId).queryKey, next)
    if (code) setPortCode(code)
    setStep(undefined)
  }
  if (step) {
    return (
      <StepUp
        key={step}
        lineId={lineId}
        purpose={step}
        confirm={(code) =>
          step === 'code'
            ? send<Given>('POST', `/v1/lines/${lineId}/port-out`, { code })
            : send<Given>('PUT', `/v1/lines/${lineId}/port-lock`, { locked: false, code })
        }
        onDone={keep}
        onBack={() => setStep(undefined)}
      />
    )
  }
  const known = query.data.port?.state === 'issued' ? portCode : undefined
  return (
    <Number lineId={lineId} port={query.data} portCode={known} onStep={setStep} onChange={keep} />
  )
}

type NumberProps = Props & {
  portCode: string | undefined
  onStep: (step: 'code' | 'unlock') => void
  onChange: (next: Given) => void
}

function Number({ lineId, port, portCode, onStep, onChange }: NumberProps) {
  const { t } = useWords()
  const state = port.port?.state
  const may = port.refusal === null
  const wordOf = state === 'issued' ? 'number.new-code' : 'number.get-code'
  return (
    <Page
      head={
        port.msisdn ? <bdi className="num">{formatNumberE164(port.msisdn)}</bdi> : t('number.none')
      }
      title={t('number.title')}
      sub={t(heads[state ?? 'none'] ?? 'number.is-here')}
      back={`/lines/${lineId}`}
      dock={
        may && (
          <Button kind="primary" block onClick={() => onStep('code')}>
            {t(wordOf)}
          </Button>
        )
      }
    >
      {portCode && <CodeGiven portCode={portCode} expiresAt={port.port?.codeExpiresAt} />}
      {!portCode && <Standing port={port} />}
      <WhyNot port={port} />
      {(state === 'issued' || state === 'pending') && (
        <Stop
          pending={state === 'pending'}
          stop={() => send<Given>('DELETE', `/v1/lines/${lineId}/port-out`)}
          onDone={onChange}
        />
      )}
      {may && <How />}
      {port.msisdn && state !== 'completed' && (
        <ul className="rows mt-6">
          <li>
            <Link {...linkProps({ to: `/lines/${lineId}/number/bring` })} className="row">
              <span className="grow">
                <span className="mid block">{t('number.bring')}</span>
                <span className="small c2 block">{t('number.bring-what')}</span>
              </span>
              <Icon name="next" size="s" className="c3 self-center" />
            </Link>
          </li>
        </ul>
      )}
      {port.msisdn && state !== 'completed' && (
        <Lock lineId={lineId} port={port} onUnlock={() => onStep('unlock')} onChange={onChange} />
      )}
    </Page>
  )
}

const heads: Partial<Record<string, WordKey>> = {
  issued: 'number.is-issued',
  pending: 'number.is-pending',
  completed: 'number.is-gone',
}

function Standing({ port: { port } }: { port: PortOut }) {
  const { t } = useWords()
  const format = useFormat()
  if (!port) return null
  const facts: (readonly [WordKey, string])[] = []
  if (port.state === 'issued')
    facts.push(['number.code-valid', format.moment(port.codeExpiresAt, { year: true })])
  if (port.recipient) facts.push(['number.recipient', port.recipient])
  if (port.state === 'pending' && port.dueAt)
    facts.push(['number.moves', format.moment(port.dueAt, { year: true })])
  if (port.endedAt && port.recipient)
    facts.push([ends[port.state] ?? 'number.stayed', format.moment(port.endedAt, { year: true })])
  if (facts.length === 0) return null
  return (
    <div className="mt-5">
      <dl className="kv">
        {facts.map(([key, value]) => (
          <div key={key} className="contents">
            <dt>{t(key)}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      {port.state === 'failed' && port.reason && <TheySaid reason={port.reason} />}
      {port.state === 'pending' && <p className="small c2 mt-3">{t('number.pending-what')}</p>}
    </div>
  )
}

const ends: Partial<Record<string, WordKey>> = {
  completed: 'number.moved',
  expired: 'number.went-silent',
}

/** The states say most of it themselves; the rest is a sentence with what to do. */
function WhyNot({ port: { refusal } }: { port: PortOut }) {
  const { t } = useWords()
  const format = useFormat()
  if (!refusal || refusal.code === 'port-pending' || refusal.code === 'line-without-number')
    return null
  if (refusal.code === 'number-gone' || refusal.code === 'port-locked') return null
  const key = refusal.until ? 'number.held' : refusalKey(refusal.code)
  return (
    <div className="mt-5">
      <Notice tone="info" live={false}>
        <p>
          {key
            ? t(key, { at: refusal.until ? format.moment(refusal.until, { year: true }) : '' })
            : refusal.code}
        </p>
      </Notice>
    </div>
  )
}

function How() {
  const { t } = useWords()
  return (
    <Section title={t('number.how')}>
      <ol className="steps-text grid gap-2 mt-2 c2">
        <li>{t('number.how-1')}</li>
        <li>{t('number.how-2')}</li>
        <li>{t('number.how-3')}</li>
      </ol>
    </Section>
  )
}

type ChangeProps = Props & { onChange: (next: Given) => void }

function Lock({ lineId, port, onUnlock, onChange }: ChangeProps & { onUnlock: () => void }) {
  const { t } = useWords()
  const toast = useToast()
  const lock = useMutation({
    mutationFn: () => send<PortOut>('PUT', `/v1/lines/${lineId}/port-lock`, { locked: true }),
    onSuccess: (next) => {
      onChange(next)
      toast(t('number.is-locked'))
    },
  })
  return (
    <Section title={t('number.lock')}>
      <p className="c2 mt-2">{t(port.locked ? 'number.locked-what' : 'number.lock-what')}</p>
      <Refusal error={lock.error} />
      <div className="mt-3 grid">
        {port.locked ? (
          <Button kind="even" onClick={onUnlock}>
            {t('number.unlock')}
          </Button>
        ) : (
          <Button kind="even" busy={lock.isPending} onClick={() => lock.mutate()}>
            {t('number.lock-it')}
          </Button>
        )}
      </div>
    </Section>
  )
}
