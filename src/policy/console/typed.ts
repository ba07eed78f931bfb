/** What is typed of a policy and not saved yet. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { policyDraftQuery } from '../../console/queries.ts'
import type { PolicyDraft } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { useDraft } from '../../portal/draft.ts'
import { useToast } from '../../portal/toast.tsx'

/** Kept over a reload and a sign-in; and saving it. */
export function useTyped({ country, text: saved, version }: PolicyDraft) {
  const { t, locale } = useConsoleWords()
  const client = useQueryClient()
  const toast = useToast()
  const key = policyDraftQuery(country, locale).queryKey
  const [typed, setTyped, forget] = useDraft<{ text: string; version: number } | null>(
    `policy:${country}`,
    null,
  )
  const drop = () => {
    setTyped(null)
    forget()
  }
  const save = useMutation({
    mutationFn: () =>
      send<PolicyDraft>('PUT', `/v1/staff/policies/${country}/draft`, {
        text: typed?.text ?? saved,
        version: typed?.version ?? version,
      }),
    onSuccess: (next) => {
      client.setQueryData(key, next)
      drop()
      toast(t('draft.saved'))
    },
  })
  return {
    text: typed?.text ?? saved,
    isOpen: typed !== null && typed.text !== saved,
    type: (text: string) => setTyped({ text, version: typed?.version ?? version }),
    save,
    /** Gives up what was typed for what is there now. */
    readAgain: async () => {
      await client.invalidateQueries({ queryKey: key })
      save.reset()
      drop()
    },
  }
}

export type Typed = ReturnType<typeof useTyped>
