/** Publishing a draft, or throwing it away; each asked once more, and what holds it back said beside the button. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { policyDraftQuery } from '../../console/queries.ts'
import type { PolicyDraft } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'

type Act = 'publish' | 'discard'

export function DraftActions({ draft, isOpen }: { draft: PolicyDraft; isOpen: boolean }) {
  const { t } = useConsoleWords()
  const id = useId()
  const [act, setAct] = useState<Act>()
  const held = isOpen ? 'unsaved' : draft.held
  const version = draft.published?.version ?? 0
  return (
    <footer className="draftacts">
      {held && (
        <p className="caption c2" id={id}>
          {t(`draft.held-${held}`, { version })}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="even" onClick={() => setAct('discard')}>
          {t('draft.discard')}
        </Button>
        <Button kind="even" disabledBy={held ? id : undefined} onClick={() => setAct('publish')}>
          {t('draft.publish')}
        </Button>
      </div>
      {act && <ActSheet draft={draft} act={act} onClose={() => setAct(undefined)} />}
    </footer>
  )
}

type SheetProps = { draft: PolicyDraft; act: Act; onClose: () => void }

function ActSheet({ draft: { country, version }, act, onClose }: SheetProps) {
  const { t, locale } = useConsoleWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const change = useMutation({
    mutationFn: () =>
      send<PolicyDraft>('POST', `/v1/staff/policies/${country}/draft/${act}`, { version }),
    onSuccess: (next) => {
      client.setQueryData(policyDraftQuery(country, locale).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'policies'] })
      toast(t(`draft.${act}-done`, { version: next.published?.version ?? 0 }))
      onClose()
    },
  })
  return (
    <Sheet open onClose={onClose} title={t(`draft.${act}`)}>
      <div className="grid gap-5">
        <p className="c2">{t(`draft.${act}-follows`, { country: format.country(country) })}</p>
        <Refused error={change.error} />
        <SheetButtons
          busy={change.isPending}
          word={t(`draft.${act}`)}
          onClose={onClose}
          act={() => change.mutate()}
        />
      </div>
    </Sheet>
  )
}
