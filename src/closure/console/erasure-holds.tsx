/** Legal holds on a subscriber's records: what is kept beyond its day and on whose demand, placed and released by an admin. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { useStaff } from '../../console/session.tsx'
import type { Erasure } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { TextButton } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useFormat } from '../../portal/use-format.ts'

type Hold = Erasure['holds'][number]
type Props = { caseId: string; holds: readonly Hold[] }

export function ErasureHolds({ caseId, holds }: Props) {
  const { t } = useConsoleWords()
  const { role } = useStaff()
  const [placing, setPlacing] = useState(false)
  const [releasing, setReleasing] = useState<Hold | null>(null)
  const mayAct = role === 'admin'
  return (
    <section className="casesect" aria-label={t('holds.title')}>
      <h3 className="strong">{t('holds.title')}</h3>
      {holds.length === 0 && <p className="c2">{t('holds.none')}</p>}
      <ul>
        {holds.map((hold) => (
          <HoldRow
            hold={hold}
            key={hold.holdId}
            onRelease={mayAct && !hold.releasedAt ? () => setReleasing(hold) : undefined}
          />
        ))}
      </ul>
      {mayAct && <TextButton onClick={() => setPlacing(true)}>{t('holds.place')}</TextButton>}
      {placing && <PlaceSheet caseId={caseId} onClose={() => setPlacing(false)} />}
      {releasing && (
        <ReleaseSheet caseId={caseId} hold={releasing} onClose={() => setReleasing(null)} />
      )}
    </section>
  )
}

function HoldRow({ hold, onRelease }: { hold: Hold; onRelease: (() => void) | undefined }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const day = (at: string) => format.day(at, { year: true })
  return (
    <li className="mt-2">
      <bdi className="mono small break-all">{hold.record}</bdi>
      <p className="c2 break-words">{hold.basis}</p>
      <p className="caption c3">
        {t('holds.since', { day: day(hold.placedAt) })}
        {hold.releasedAt && ` · ${t('holds.released', { day: day(hold.releasedAt) })}`}
      </p>
      {onRelease && <TextButton onClick={onRelease}>{t('holds.release')}</TextButton>}
    </li>
  )
}

/** What is done to holds changes what waits for them: everything of erasures is read again. */
function useHold(caseId: string, path: string, onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: object) => send('POST', `/v1/staff/closures/${caseId}/holds${path}`, body),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['staff', 'erasures'] })
      onDone()
    },
  })
}

const wordsLeast = 3
const isShort = (text: string) => text.trim().length < wordsLeast

function PlaceSheet({ caseId, onClose }: { caseId: string; onClose: () => void }) {
  const { t } = useConsoleWords()
  const [record, setRecord] = useState('')
  const [basis, setBasis] = useState('')
  const [tried, setTried] = useState(false)
  const place = useHold(caseId, '', onClose)
  const missing = (text: string) => (tried && isShort(text) ? t('holds.missing') : undefined)
  const submit = () => {
    setTried(true)
    if (!isShort(record) && !isShort(basis)) place.mutate({ record: record.trim(), basis })
  }
  return (
    <Sheet open onClose={onClose} title={t('holds.place')}>
      <div className="grid gap-5">
        <p className="c2">{t('holds.what')}</p>
        <TextField
          label={t('holds.record')}
          value={record}
          onChange={setRecord}
          maxLength={100}
          error={missing(record)}
        />
        <TextField
          label={t('holds.basis')}
          value={basis}
          onChange={setBasis}
          rows={3}
          maxLength={300}
          error={missing(basis)}
        />
        <Refused error={place.error} />
        <SheetButtons
          busy={place.isPending}
          word={t('holds.place')}
          onClose={onClose}
          act={submit}
        />
      </div>
    </Sheet>
  )
}

function ReleaseSheet({
  caseId,
  hold,
  onClose,
}: {
  caseId: string
  hold: Hold
  onClose: () => void
}) {
  const { t } = useConsoleWords()
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const release = useHold(caseId, `/${hold.holdId}/release`, onClose)
  const submit = () => {
    setTried(true)
    if (!isShort(reason)) release.mutate({ reason })
  }
  return (
    <Sheet open onClose={onClose} title={t('holds.release')}>
      <div className="grid gap-5">
        <p className="c2">{t('holds.release-what')}</p>
        <TextField
          label={t('holds.reason')}
          value={reason}
          onChange={setReason}
          rows={3}
          maxLength={300}
          error={tried && isShort(reason) ? t('holds.missing') : undefined}
        />
        <Refused error={release.error} />
        <SheetButtons
          busy={release.isPending}
          word={t('holds.release')}
          onClose={onClose}
          act={submit}
        />
      </div>
    </Sheet>
  )
}
