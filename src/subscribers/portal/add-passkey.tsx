/** Adding a passkey: a code first, then a name, and the device does the rest. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { problemCode, Refused, send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { formatMasked } from '../../portal/format.ts'
import { Page } from '../../portal/page.tsx'
import { passkeysQuery } from '../../portal/account-queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { CreationOptions, Passkey } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CodePage, useCodeAsked } from './code-page.tsx'
import { makePasskey } from './passkey.ts'
import { PasskeyFailure } from './passkey-failure.tsx'

export function AddPasskey({ onDone }: { onDone: () => void }) {
  const { t } = useWords()
  const ask = useCodeAsked('/v1/me/passkeys/code')
  const check = useMutation({
    mutationFn: (code: string) =>
      send<CreationOptions>('POST', '/v1/me/passkeys/options', { code }),
  })
  const startAgain = () => {
    check.reset()
    ask.mutate()
  }
  if (check.data) return <Make options={check.data} onDone={onDone} onAgain={startAgain} />
  return (
    <CodePage
      head={t('passkeys.code-head')}
      to={ask.data && formatMasked(ask.data.maskedTo)}
      enter={t('passkeys.next')}
      atOnce
      check={check}
      again={ask}
      other={t('button.cancel')}
      onOther={onDone}
    />
  )
}

type MakeProps = { options: CreationOptions; onDone: () => void; onAgain: () => void }

/** What the code bought was answered, or has run out: only another code helps. */
const spent = new Set(['passkey-expired', 'passkey-used'])

function Make({ options, onDone, onAgain }: MakeProps) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const [name, setName] = useState('')
  const made = useRef<unknown>(undefined)
  const make = useMutation({
    mutationFn: async () => {
      // An answer that got lost is sent again as it was: the device must not make a second key over the first.
      made.current ??= await makePasskey(options)
      const named = name.trim() && { name: name.trim() }
      return send<Passkey>('POST', '/v1/me/passkeys', { credential: made.current, ...named })
    },
    onError: (error) => {
      if (error instanceof Refused) made.current = undefined
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: passkeysQuery.queryKey })
      toast(t('passkeys.added'))
      onDone()
    },
  })
  return (
    <Page
      head={t('passkeys.make-head')}
      sub={t('passkeys.make-sub')}
      dock={
        <>
          <PasskeyFailure error={make.error} cancelled={t('passkeys.not-made')} />
          {spent.has(problemCode(make.error) ?? '') ? (
            <Button kind="primary" block onClick={onAgain}>
              {t('code.again')}
            </Button>
          ) : (
            <Button kind="primary" block submit form="make" busy={make.isPending}>
              {t('passkeys.make')}
            </Button>
          )}
          <div className="mt-2.5">
            <Button block onClick={onDone}>
              {t('button.cancel')}
            </Button>
          </div>
        </>
      }
    >
      <form
        id="make"
        noValidate
        className="mt-6"
        onSubmit={(event) => {
          event.preventDefault()
          if (!make.isPending) make.mutate()
        }}
      >
        <TextField
          label={t('passkeys.name')}
          hint={t('passkeys.name-hint')}
          autoComplete="off"
          maxLength={60}
          value={name}
          onChange={setName}
        />
      </form>
    </Page>
  )
}
