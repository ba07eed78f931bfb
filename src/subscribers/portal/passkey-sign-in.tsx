/** Signing in with a passkey: by a button, or picked in the address field where the browser offers it. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { problemCode, read, send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import type { RequestOptions, Subscriber } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { PasskeyFailure } from './passkey-failure.tsx'
import { askForPasskey, canOfferPasskeys, canUsePasskeys, sayUnknown } from './passkey.ts'

const path = '/v1/sign-in/passkey'
const options = () => read<RequestOptions>(path)

type Props = {
  onSignedIn: (me: Subscriber) => Promise<void>
  /** The button of the way that stands before this one. */
  children: ReactNode
}

export function PasskeySignIn({ onSignedIn, children }: Props) {
  const { t } = useWords()
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: async (picked: unknown) => {
      const credential = picked ?? (await askForPasskey(await options()))
      return send<Subscriber>('POST', path, { credential }).catch((refused: unknown) => {
        const { id } = credential as { id: string }
        if (problemCode(refused) === 'passkey-unknown') void sayUnknown(id)
        throw refused
      })
    },
    onSuccess: onSignedIn,
  })
  // The browser asks for one passkey at a time: while the button's is under way, none is offered.
  const offering = !isPending && !isSuccess
  useEffect(() => {
    if (!offering) return
    const end = new AbortController()
    void offer(end.signal).then((picked) => {
      if (picked !== undefined) mutate(picked)
    })
    return () => end.abort()
  }, [offering, mutate])
  if (!canUsePasskeys()) return children
  return (
    <>
      <PasskeyFailure error={error} cancelled={t('passkeys.cancelled')} />
      <div className="grid gap-2.5">
        {children}
        <Button block icon="key" busy={isPending} onClick={() => mutate(undefined)}>
          {t('sign-in.passkey')}
        </Button>
      </div>
    </>
  )
}

/** What was picked in the field; undefined when nothing was, and there is the button. */
async function offer(end: AbortSignal): Promise<unknown> {
  if (!(await canOfferPasskeys())) return undefined
  while (!end.aborted) {
    const asked = await options().catch(() => undefined)
    if (!asked || end.aborted) return undefined
    // What waits longer than its challenge is good for would be refused: it is offered anew before.
    const patience = AbortSignal.timeout(asked.timeout * 0.9)
    const picking = askForPasskey(asked, AbortSignal.any([end, patience]))
    const picked = await picking.catch(() => undefined)
    if (picked !== undefined || !patience.aborted) return picked
  }
  return undefined
}
