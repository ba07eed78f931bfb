/** Not accepting that a closure was rejected: said once, in one's own words, to somebody else. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, ButtonLink, Pair } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

/** Its owner’s appeal. */
export function Appeal({ closure }: { closure: Closure }) {
  return (
    <AppealTo
      closure={closure}
      appeal={async (text) => {
        const next = await send<Closure>('POST', `/v1/closures/${closure.caseId}/appeal`, { text })
        queryClient.setQueryData(closureQuery(closure.caseId).queryKey, next)
        await queryClient.invalidateQueries({ queryKey: ['lines'] })
      }}
    />
  )
}

type Props = { closure: Closure; appeal: (text: string) => Promise<void> }

export function AppealTo({ closure, appeal: say }: Props) {
  const { t } = useWords()
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const [text, setText, forget] = useDraft(`appeal:${closure.caseId}`, '')
  const [missing, setMissing] = useState(false)
  const appeal = useMutation({
    mutationFn: () => say(text),
    onSuccess: () => {
      forget()
      toast(t('appeal.done'))
      setOpen(false)
    },
  })
  if (!closure.rejection?.canAppeal) return null
  return (
    <div className="mt-5 grid">
      <Button kind="primary" block onClick={() => setOpen(true)}>
        {t('appeal.button')}
      </Button>
      <Sheet open={open} onClose={() => setOpen(false)} title={t('appeal.button')}>
        <div className="grid gap-4">
          <p className="c2">{t('appeal.what')}</p>
          <TextField
            label={t('appeal.why')}
            value={text}
            onChange={setText}
            rows={4}
            maxLength={500}
            error={missing && !text.trim() ? t('appeal.missing') : undefined}
          />
          <Refusal error={appeal.error} />
          {problemCode(appeal.error) === 'line-added-since' && (
            <ButtonLink kind="primary" block to="/close/account">
              {t('account.close')}
            </ButtonLink>
          )}
          <Pair>
            <Button kind="even" onClick={() => setOpen(false)}>
              {t('appeal.not')}
            </Button>
            <Button
              kind="even"
              busy={appeal.isPending}
              onClick={() => (text.trim() ? appeal.mutate() : setMissing(true))}
            >
              {t('appeal.button')}
            </Button>
          </Pair>
        </div>
      </Sheet>
    </div>
  )
}
