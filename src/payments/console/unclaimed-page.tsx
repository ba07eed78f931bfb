/** Money that its owner could not be given: how long it is theirs, who gets it then, and what became of it. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Listing, Refused } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { unclaimedQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import { useNow } from '../../console/use-now.ts'
import type { Unclaimed } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { TextButton, TextLink } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Tag, type Tone } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useGo } from '../../portal/go.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'

const tones: Record<Unclaimed['state'], Tone> = {
  held: 'warn',
  paid: 'ok',
  'handed-over': 'neutral',
  'taken-back': 'neutral',
}
const states = Object.keys(tones) as Unclaimed['state'][]

type How = 'paid' | 'handed-over'
type Ending = { one: Unclaimed; how: How }

export function UnclaimedPage() {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const search = useSearch({ strict: false }) as { state?: string }
  const state = states.find((known) => known === search.state) ?? 'held'
  const query = useInfiniteQuery(unclaimedQuery(state))
  const [ending, setEnding] = useState<Ending | null>(null)
  const columns = useColumns(setEnding)
  const filter = (
    <select
      className="pick"
      aria-label={t('unclaimed.state')}
      value={state}
      onChange={(event) => void go('/unclaimed', { search: { state: event.target.value } })}
    >
      {states.map((each) => (
        <option key={each} value={each}>
          {code('unclaimed-state', each)}
        </option>
      ))}
    </select>
  )
  return (
    <ConsolePage title={t('unclaimed.title')} tools={filter}>
      <Listing
        query={query}
        empty={t('unclaimed.empty', { state: code('unclaimed-state', state) })}
      >
        {(items) => (
          <Table
            caption={t('unclaimed.title')}
            columns={columns}
            rows={items}
            rowKey={({ unclaimedId }) => unclaimedId}
          />
        )}
      </Listing>
      {ending && <EndSheet {...ending} onClose={() => setEnding(null)} />}
    </ConsolePage>
  )
}

function useColumns(onEnd: (ending: Ending) => void): Column<Unclaimed>[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const day = (at: string) => format.day(at, { year: true })
  return [
    {
      key: 'reference',
      head: t('unclaimed.reference'),
      // A search goes by a closure's reference, not by an order's.
      cell: ({ reference, why }) => {
        if (why === 'return-refused') return <bdi className="mono break-all">{reference}</bdi>
        return (
          <TextLink to="/subscribers" search={{ query: reference }}>
            <bdi className="mono whitespace-nowrap">{reference}</bdi>
          </TextLink>
        )
      },
    },
    { key: 'why', head: t('unclaimed.why'), cell: ({ why }) => code('unclaimed-why', why) },
    {
      key: 'since',
      head: t('unclaimed.since'),
      cell: ({ since }) => <span className="num">{day(since)}</span>,
    },
    {
      key: 'then',
      head: t('unclaimed.then'),
      cell: ({ goesTo, dueAt }) => (
        <>
          {code('unclaimed-to', goesTo ?? 'owner')}
          {dueAt && (
            <span className="caption c3 block">{t('unclaimed.from', { day: day(dueAt) })}</span>
          )}
          {goesTo && !dueAt && <span className="caption c3 block">{t('unclaimed.no-day')}</span>}
        </>
      ),
    },
    {
      key: 'state',
      head: t('unclaimed.state'),
      cell: (one) => <State one={one} onEnd={onEnd} />,
    },
    {
      key: 'amount',
      head: t('unclaimed.amount'),
      figure: true,
      cell: (one) => <Amount one={one} />,
    },
  ]
}

/** What a bank took is owed no more; what was taken whole stands as it was. */
function Amount({ one: { amount, takenBack, left, state } }: { one: Unclaimed }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  if (state === 'taken-back' || Number(takenBack.amount) === 0) return format.money(amount)
  return (
    <>
      {format.money(left)}
      <span className="caption c3 block">
        {t('unclaimed.taken', { taken: format.money(takenBack) })}
      </span>
    </>
  )
}

function State({ one, onEnd }: { one: Unclaimed; onEnd: (ending: Ending) => void }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { role } = useStaff()
  const now = useNow()
  const { state, endedAt, proof, goesTo, dueAt, reference, waitsForBank } = one
  const mayAct = state === 'held' && !waitsForBank && (role === 'finance' || role === 'admin')
  const isDue = goesTo !== null && (dueAt === null || Date.parse(dueAt) <= now)
  return (
    <>
      <Tag tone={waitsForBank ? 'info' : tones[state]}>
        {waitsForBank ? t('unclaimed.waits') : code('unclaimed-state', state)}
      </Tag>
      {endedAt && (
        <span className="caption c3 block">
          {format.day(endedAt, { year: true })} · <bdi className="break-all">{proof}</bdi>
        </span>
      )}
      {waitsForBank && <span className="caption c3 block">{t('unclaimed.waits-why')}</span>}
      {mayAct && (
        <span className="block whitespace-nowrap">
          <TextButton onClick={() => onEnd({ one, how: 'paid' })}>
            {t('unclaimed.pay')} <span className="sr-only">{reference}</span>
          </TextButton>
        </span>
      )}
      {mayAct && isDue && (
        <span className="block whitespace-nowrap">
          <TextButton onClick={() => onEnd({ one, how: 'handed-over' })}>
            {t('unclaimed.hand-over')} <span className="sr-only">{reference}</span>
          </TextButton>
        </span>
      )}
    </>
  )
}

const proofLeast = 3

function EndSheet({ one, how, onClose }: Ending & { onClose: () => void }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const [proof, setProof] = useState('')
  const [tried, setTried] = useState(false)
  const end = useMutation({
    mutationFn: () => send('POST', `/v1/staff/unclaimed/${one.unclaimedId}/end`, { how, proof }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['staff', 'unclaimed'] })
      onClose()
      const { reference } = one
      toast(
        how === 'paid'
          ? t('unclaimed.is-paid', { reference })
          : t('unclaimed.is-handed-over', { reference }),
      )
    },
  })
  const isShort = proof.trim().length < proofLeast
  const submit = () => {
    setTried(true)
    if (!isShort) end.mutate()
  }
  const amount = format.money(one.left)
  const what =
    how === 'paid'
      ? t('unclaimed.pay-what', { amount })
      : t('unclaimed.hand-over-what', { amount, to: code('unclaimed-to', one.goesTo ?? 'owner') })
  return (
    <Sheet
      open
      onClose={onClose}
      title={how === 'paid' ? t('unclaimed.paid') : t('unclaimed.handed-over')}
    >
      <div className="grid gap-5">
        <p className="c2">{what}</p>
        <TextField
          label={t('unclaimed.proof')}
          value={proof}
          onChange={setProof}
          maxLength={100}
          error={tried && isShort ? t('unclaimed.missing') : undefined}
        />
        <Refused error={end.error} />
        <SheetButtons
          busy={end.isPending}
          word={how === 'paid' ? t('unclaimed.paid') : t('unclaimed.handed-over')}
          onClose={onClose}
          act={submit}
        />
      </div>
    </Sheet>
  )
}
