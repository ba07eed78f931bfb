/** A number brought from another operator: announced with its code, on its way, or why it stayed away. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { formatNumberE164 } from '../../portal/format.ts'
import { Page } from '../../portal/page.tsx'
import { portInQuery } from '../../portal/line-queries.ts'
import { refusalKey } from '../../portal/refusals.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { PortIn } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { TheySaid } from './they-said.tsx'

export function BringPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const query = useQuery({ ...portInQuery(lineId), refetchInterval: 3_000 })
  const back = `/lines/${lineId}/number`
  if (!query.data) {
    return (
      <Page head={t('bring.head')} back={back}>
        <Loaded query={query} skeleton={<RowsSkeleton count={3} />}>
          {() => null}
        </Loaded>
      </Page>
    )
  }
  return <Bring lineId={lineId} arrival={query.data} back={back} />
}

type Props = { lineId: string; arrival: PortIn }

function useArrival(lineId: string) {
  const client = useQueryClient()
  return (next: PortIn) => {
    client.setQueryData(portInQuery(lineId).queryKey, next)
    void client.invalidateQueries({ queryKey: ['lines'] })
  }
}

function Bring({ lineId, arrival, back }: Props & { back: string }) {
  const { t } = useWords()
  const { port, refusal } = arrival
  if (!refusal) return <Announce lineId={lineId} arrival={arrival} back={back} />
  const key = refusal.code === 'number-arriving' ? undefined : refusalKey(refusal.code)
  return (
    <Page head={t('bring.head')} back={back} sub={port ? undefined : t('bring.sub')}>
      {key && (
        <div className="mt-5">
          <Notice tone="info" live={false}>
            <p>{t(key)}</p>
          </Notice>
        </div>
      )}
      <Standing arrival={arrival} />
      {refusal.code === 'number-arriving' && <Stop lineId={lineId} arrival={arrival} />}
    </Page>
  )
}

function Announce({ lineId, arrival, back }: Props & { back: string }) {
  const { t } = useWords()
  const keep = useArrival(lineId)
  const [draft, setDraft, forget] = useDraft(`bring:${lineId}`, { msisdn: '', code: '' })
  const [tried, setTried] = useState(false)
  const announce = useMutation({
    mutationFn: () => send<PortIn>('POST', `/v1/lines/${lineId}/port-in`, draft),
    onSuccess: (next) => {
      forget()
      keep(next)
    },
  })
  const missing = (text: string, least: number) =>
    tried && text.trim().length < least ? t('bring.missing') : undefined
  const ready = draft.msisdn.trim().length >= 4 && draft.code.trim().length >= 3
  return (
    <Page
      head={t('bring.head')}
      sub={t('bring.sub')}
      back={back}
      dock={
        <>
          <Refusal error={announce.error} />
          <Button
            kind="primary"
            block
            busy={announce.isPending}
            onClick={() => {
              setTried(true)
              if (ready) announce.mutate()
            }}
          >
            {t('bring.send')}
          </Button>
        </>
      }
    >
      <Standing arrival={arrival} />
      <div className="grid gap-5 mt-5">
        <TextField
          label={t('bring.number')}
          inputMode="tel"
          value={draft.msisdn}
          onChange={(msisdn) => setDraft({ ...draft, msisdn })}
          error={missing(draft.msisdn, 4)}
        />
        <TextField
          label={t('bring.code')}
          value={draft.code}
          onChange={(code) => setDraft({ ...draft, code })}
          error={missing(draft.code, 3)}
        />
        <p className="small c2">{t('bring.what')}</p>
      </div>
    </Page>
  )
}

const states: Record<NonNullable<PortIn['port']>['state'], WordKey> = {
  asked: 'bring.asked',
  pending: 'bring.pending',
  completed: 'bring.completed',
  failed: 'bring.failed',
  cancelled: 'bring.cancelled',
}

function Standing({ arrival: { port } }: { arrival: PortIn }) {
  const { t } = useWords()
  const format = useFormat()
  if (!port) return null
  return (
    <div className="mt-5" role="status">
      <dl className="kv">
        <dt>{t('bring.number')}</dt>
        <dd>
          <bdi className="num">{formatNumberE164(port.msisdn)}</bdi>
        </dd>
        <dt>{t('bring.state')}</dt>
        <dd>{t(port.stopping ? 'bring.stopping' : states[port.state])}</dd>
        {port.dueAt && port.state === 'pending' && (
          <>
            <dt>{t('number.moves')}</dt>
            <dd>{format.moment(port.dueAt, { year: true })}</dd>
          </>
        )}
      </dl>
      {port.state === 'failed' && port.reason && <TheySaid reason={port.reason} />}
    </div>
  )
}

function Stop({ lineId, arrival }: Props) {
  const { t } = useWords()
  const keep = useArrival(lineId)
  const toast = useToast()
  const stop = useMutation({
    mutationFn: () => send<PortIn>('DELETE', `/v1/lines/${lineId}/port-in`),
    onSuccess: (next) => {
      keep(next)
      toast(t('bring.stopping'))
    },
  })
  if (arrival.port?.stopping) return null
  return (
    <div className="mt-5 grid">
      <Refusal error={stop.error} />
      <Button kind="even" busy={stop.isPending} onClick={() => stop.mutate()}>
        {t('bring.stop')}
      </Button>
    </div>
  )
}
