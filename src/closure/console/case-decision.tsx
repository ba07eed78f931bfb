/** The foot of a case: two decisions of equal weight, taking and releasing, a note; and who may
 * not, and why. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Kbd } from '../../console/components/kbd.tsx'
import { Refused } from '../../console/components/listing.tsx'
import { useKeys } from '../../console/keys.ts'
import { caseQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { useDraft } from '../../portal/draft.ts'
import { useToast } from '../../portal/toast.tsx'
import { AskButton } from './case-questions.tsx'
import { type DecisionKind, DecisionSheet, NoteSheet } from './decision-sheet.tsx'
import { NotedAct } from './noted-act.tsx'

type Props = { seen: StaffCase; onDecided: () => void; reload: () => void }

function useClaim(seen: StaffCase) {
  const client = useQueryClient()
  const { t } = useConsoleWords()
  const toast = useToast()
  const { caseId, reference } = seen.closure
  return useMutation({
    mutationFn: (act: 'claim' | 'release') =>
      send<StaffCase>('POST', `/v1/staff/closures/${caseId}/${act}`),
    onSuccess: (next, act) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      toast(t(act === 'claim' ? 'decide.taken' : 'decide.released', { reference }))
    },
  })
}

/** Undefined when this member of staff may decide. */
function useObstacle(seen: StaffCase): string | undefined {
  const { t, code } = useConsoleWords()
  const { role, name } = useStaff()
  if (seen.mayDecide) return undefined
  if (role !== 'reviewer' && role !== 'admin') return t('decide.role', { role: code('role', role) })
  if (seen.barred) return code('barred', seen.barred)
  if (seen.claimedBy && seen.claimedBy !== name)
    return t('decide.claimed', { name: seen.claimedBy })
  return t('decide.not-now')
}

/** Where two approve, it says which of them this is. */
function approveWord({ approvals: { whyTwo, first } }: StaffCase) {
  if (whyTwo.length === 0) return 'decide.approve'
  return first ? 'decide.approve-second' : 'decide.approve-first'
}

function hint({ mayReject, mayAsk }: StaffCase, mine: boolean) {
  if (!mayReject) return 'decide.rejected-before'
  if (!mayAsk) return 'question.cannot'
  return mine ? 'decide.yours' : 'decide.reject-reason'
}

export function CaseDecision({ seen, onDecided, reload }: Props) {
  const { t } = useConsoleWords()
  const { caseId, state } = seen.closure
  const [open, setOpen] = useState<{ kind: DecisionKind | 'note'; version: number }>()
  const [note, setNote, forgetNote] = useDraft(`note.${caseId}`, '')
  const claim = useClaim(seen)
  const obstacle = useObstacle(seen)
  const mine = seen.mayDecide && seen.claimedBy !== null
  const reviewing = state === 'in_review'
  // The version is the one the reviewer looks at now: a later refresh must not agree on their
  // behalf.
  const show = (kind: DecisionKind | 'note') => () => setOpen({ kind, version: seen.version })
  const deciding = reviewing && !obstacle
  const take = () => !claim.isPending && claim.mutate(mine ? 'release' : 'claim')
  useKeys({
    a: deciding ? show('approve') : undefined,
    r: deciding && seen.mayReject ? show('reject') : undefined,
    s: deciding ? take : undefined,
    n: deciding ? show('note') : undefined,
  })
  if (!reviewing) return null
  const held = obstacle ? 'decide-why' : undefined
  const rejectHeld = seen.mayReject ? held : 'decide-why'
  return (
    <footer className="decide">
      {seen.mayTakeBack && <NotedAct seen={seen} act="take-back" />}
      <ClaimRefusal error={claim.error} reload={reload} reset={claim.reset} />
      <div className="decidebar">
        <Button kind="even" disabledBy={held} onClick={show('approve')}>
          {t(approveWord(seen))} <Kbd>A</Kbd>
        </Button>
        <Button kind="even" disabledBy={rejectHeld} onClick={show('reject')}>
          {t('decide.reject')} <Kbd>R</Kbd>
        </Button>
        <span className="grow caption c3" id="decide-why">
          {obstacle ?? t(hint(seen, mine))}
        </span>
        <Button disabledBy={held} busy={claim.isPending} onClick={take}>
          {t(mine ? 'decide.release' : 'decide.take')} <Kbd>S</Kbd>
        </Button>
        <AskButton seen={seen} held={seen.mayAsk ? undefined : 'decide-why'} />
        <Button disabledBy={held} onClick={show('note')}>
          {note ? t('decide.note-there') : t('decide.note')} <Kbd>N</Kbd>
        </Button>
      </div>
      {open && open.kind !== 'note' && (
        <DecisionSheet
          seen={seen}
          kind={open.kind}
          version={open.version}
          note={note}
          setNote={setNote}
          onClose={() => setOpen(undefined)}
          onReload={() => {
            setOpen(undefined)
            reload()
          }}
          onDone={() => {
            forgetNote()
            setOpen(undefined)
            onDecided()
          }}
        />
      )}
      {open?.kind === 'note' && (
        <NoteSheet note={note} setNote={setNote} onClose={() => setOpen(undefined)} />
      )}
    </footer>
  )
}

type ClaimRefusalProps = { error: unknown; reload: () => void; reset: () => void }

function ClaimRefusal({ error, reload, reset }: ClaimRefusalProps) {
  const { t } = useConsoleWords()
  if (!error) return null
  return (
    <Refused error={error}>
      {problemCode(error) && (
        <TextButton
          onClick={() => {
            reset()
            reload()
          }}
        >
          {t('decide.reload')}
        </TextButton>
      )}
    </Refused>
  )
}
