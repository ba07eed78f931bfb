/** A coupon turned into promotional credit, beside the ways to pay. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { useSentence } from '../../portal/failure.tsx'
import { Section } from '../../portal/page.tsx'
import { lineQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function CouponSection({ lineId }: { lineId: string }) {
  const { t } = useWords()
  const sentence = useSentence()
  const client = useQueryClient()
  const toast = useToast()
  const [code, setCode] = useDraft(`coupon:${lineId}`, '')
  const [tried, setTried] = useState(false)
  const use = useMutation({
    mutationFn: () => send<Line>('POST', `/v1/lines/${lineId}/coupons`, { code }),
    onSuccess: async (line) => {
      client.setQueryData(lineQuery(lineId).queryKey, line)
      await client.invalidateQueries({ queryKey: ['lines'] })
      await client.invalidateQueries({ queryKey: ['statement'] })
      setCode('')
      setTried(false)
      toast(t('coupon.done'))
    },
  })
  const missing = tried && code.trim() === '' ? t('bring.missing') : undefined
  return (
    <Section title={t('coupon.title')}>
      <div className="grid gap-3 mt-2">
        <TextField
          label={t('coupon.code')}
          value={code}
          onChange={(next) => {
            if (use.error) use.reset()
            setCode(next)
          }}
          error={use.error ? sentence(use.error) : missing}
        />
        <Button
          kind="even"
          busy={use.isPending}
          onClick={() => {
            setTried(true)
            if (code.trim() !== '') use.mutate()
          }}
        >
          {t('coupon.use')}
        </Button>
        <p className="small c2">{t('coupon.what')}</p>
      </div>
    </Section>
  )
}
