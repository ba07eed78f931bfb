/** Name and country, shown, and changed in place. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { send } from '../../portal/api.ts'
import { Button, Pair, TextButton } from '../../portal/components/button.tsx'
import { SelectField, TextField } from '../../portal/components/field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { meQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Subscriber } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CountryField, placeIn } from './welcome-page.tsx'

const placeOf = ({ country, region }: Subscriber) => [country, region].filter(Boolean).join('-')

export function ProfileFields({ me }: { me: Subscriber }) {
  const { t } = useWords()
  const format = useFormat()
  const [typed, setTyped, forget] = useDraft<Typed | null>('profile', null)
  const done = () => {
    setTyped(null)
    forget()
  }
  if (typed) return <Edit typed={typed} onType={setTyped} onDone={done} />
  return (
    <div className="row">
      <div className="grow">
        <div className="lead">{me.name || t('account.no-name')}</div>
        <div className="small c2">
          {me.country ? format.country(placeOf(me)) : t('account.no-country')}
          {me.segment !== 'consumer' && ` · ${t(segmentWords[me.segment])}`}
        </div>
      </div>
      <TextButton onClick={() => setTyped(asTyped(me))}>{t('account.change')}</TextButton>
    </div>
  )
}

type Typed = { name: string; country: string; segment: Subscriber['segment'] }

const asTyped = (me: Subscriber): Typed => {
  const { name, segment } = me
  return { name, country: placeOf(me), segment }
}

const segmentWords = {
  consumer: 'segment.consumer',
  micro: 'segment.micro',
  business: 'segment.business',
} as const

type EditProps = { typed: Typed; onType: (typed: Typed) => void; onDone: () => void }

function Edit({ typed, onType, onDone }: EditProps) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const { name, country, segment } = typed
  const save = useMutation({
    mutationFn: () =>
      send<Subscriber>('PATCH', '/v1/me', { name: name.trim(), ...placeIn(country), segment }),
    onSuccess: (saved) => {
      client.setQueryData(meQuery.queryKey, saved)
      toast(t('account.saved'))
      onDone()
    },
  })
  return (
    <div className="grid gap-4 py-3">
      <TextField
        label={t('welcome.name')}
        autoComplete="name"
        autoFocus
        maxLength={100}
        value={name}
        onChange={(next) => onType({ ...typed, name: next })}
        error={name.trim() ? undefined : t('welcome.name-missing')}
      />
      <CountryField value={country} onChange={(next) => onType({ ...typed, country: next })} />
      <SelectField
        label={t('account.segment')}
        hint={t('account.segment-why')}
        value={segment}
        onChange={(next) => onType({ ...typed, segment: next as Typed['segment'] })}
        options={Object.entries(segmentWords).map(([key, word]) => [key, t(word)] as const)}
      />
      <Refusal error={save.error} />
      <Pair>
        <Button kind="even" onClick={onDone}>
          {t('button.cancel')}
        </Button>
        <Button kind="even" busy={save.isPending} onClick={() => name.trim() && save.mutate()}>
          {t('button.save')}
        </Button>
      </Pair>
    </div>
  )
}
