/** Passkeys that sign in here: added, named, removed. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, Pair, TextButton } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { NameForm } from '../../portal/components/name-form.tsx'
import { Empty, Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { passkeysQuery } from '../../portal/account-queries.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Passkey } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { AddPasskey } from './add-passkey.tsx'
import { canUsePasskeys, sayAccepted } from './passkey.ts'

export function PasskeysPage() {
  const { t } = useWords()
  const passkeys = useQuery(passkeysQuery)
  const [adding, setAdding] = useState(false)
  if (adding) return <AddPasskey onDone={() => setAdding(false)} />
  const able = canUsePasskeys()
  return (
    <Page
      head={t('account.passkeys')}
      sub={t('passkeys.sub')}
      back="/account"
      dock={
        able && (
          <Button kind="primary" block icon="plus" onClick={() => setAdding(true)}>
            {t('passkeys.add')}
          </Button>
        )
      }
    >
      <div className="mt-4">
        {!able && <Notice live={false}>{t('passkeys.not-able')}</Notice>}
        <Loaded query={passkeys} skeleton={<RowsSkeleton />}>
          {(list) =>
            list.length === 0 ? (
              able && <Empty>{t('passkeys.none')}</Empty>
            ) : (
              <ul className="rows">
                {list.map((passkey) => (
                  <PasskeyRow key={passkey.passkeyId} passkey={passkey} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </div>
    </Page>
  )
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const { t } = useWords()
  const format = useFormat()
  const [open, setOpen] = useState<'name' | 'remove'>()
  const close = () => setOpen(undefined)
  const { name, lastUsedAt, createdAt, backedUp } = passkey
  const used = lastUsedAt
    ? t('passkeys.used', { at: format.moment(lastUsedAt) })
    : t('passkeys.unused', { at: format.moment(createdAt) })
  return (
    <li>
      <div className="row">
        <Icon name="key" />
        <div className="grow">
          <div className="mid">
            <bdi>{name}</bdi>
          </div>
          <div className="small c2">{used}</div>
          {backedUp && <div className="small c2">{t('passkeys.backed-up')}</div>}
        </div>
        <TextButton onClick={() => setOpen('name')}>{t('account.change')}</TextButton>
      </div>
      <Sheet open={open !== undefined} onClose={close} title={<bdi>{name}</bdi>}>
        {open === 'name' && (
          <Rename passkey={passkey} onDone={close} onRemove={() => setOpen('remove')} />
        )}
        {open === 'remove' && <Remove passkey={passkey} onDone={close} />}
      </Sheet>
    </li>
  )
}

type Props = { passkey: Passkey; onDone: () => void }

function Rename({ passkey, onDone, onRemove }: Props & { onRemove: () => void }) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const save = useMutation({
    mutationFn: (name: string) =>
      send<Passkey>('PATCH', `/v1/me/passkeys/${passkey.passkeyId}`, { name }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: passkeysQuery.queryKey })
      toast(t('account.saved'))
      onDone()
    },
  })
  return (
    <NameForm
      label={t('passkeys.name')}
      name={passkey.name}
      maxLength={60}
      missing={t('passkeys.name-missing')}
      save={save}
      onDone={onDone}
    >
      <TextButton danger onClick={onRemove}>
        {t('passkeys.remove')}
      </TextButton>
    </NameForm>
  )
}

function Remove({ passkey, onDone }: Props) {
  const { t } = useWords()
  const { subscriberId } = useSubscriber()
  const client = useQueryClient()
  const toast = useToast()
  const remove = useMutation({
    mutationFn: () => send<void>('DELETE', `/v1/me/passkeys/${passkey.passkeyId}`),
    onSuccess: async () => {
      const left = await client.fetchQuery({ ...passkeysQuery, staleTime: 0 })
      toast(t('passkeys.removed'))
      void sayAccepted(
        subscriberId,
        left.map(({ credentialId }) => credentialId),
      )
      onDone()
    },
  })
  return (
    <div className="grid gap-4">
      <p className="c2">{t('passkeys.remove-what')}</p>
      <Refusal error={remove.error} />
      <Pair>
        <Button kind="even" onClick={onDone}>
          {t('button.cancel')}
        </Button>
        <Button kind="even" busy={remove.isPending} onClick={() => remove.mutate()}>
          {t('passkeys.remove')}
        </Button>
      </Pair>
    </div>
  )
}
