/** Who is signed in, with language, theme and the way out. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../portal/api.ts'
import { Button } from '../portal/components/button.tsx'
import { Sheet } from '../portal/components/sheet.tsx'
import { LanguageChoice } from '../portal/language.tsx'
import { ThemeChoice } from '../portal/settings.tsx'
import { Refused } from './components/listing.tsx'
import { staffQuery } from './queries.ts'
import { useStaff } from './session.tsx'
import { useConsoleWords } from './words.tsx'

export function Me() {
  const { t, code } = useConsoleWords()
  const staff = useStaff()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="me" onClick={() => setOpen(true)}>
        <span className="initials" aria-hidden="true">
          {initials(staff.name)}
        </span>
        <span className="grow">
          <span className="block">{staff.name}</span>
          <span className="caption c3 block">{code('role', staff.role)}</span>
        </span>
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={staff.name}>
        <p className="c2 small">
          {staff.email} · {t('me.role', { role: code('role', staff.role) })}
        </p>
        <div className="mt-5 grid gap-4">
          <LanguageChoice onChange={() => {}} />
          <ThemeChoice />
          <SignOut />
        </div>
      </Sheet>
    </>
  )
}

function SignOut() {
  const { t } = useConsoleWords()
  const client = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => send('POST', '/v1/staff/sign-out'),
    onSuccess: () => {
      client.removeQueries({
        predicate: ({ queryKey }) => queryKey[0] === 'staff' && queryKey[1] !== 'me',
      })
      client.setQueryData(staffQuery.queryKey, null)
    },
  })
  return (
    <>
      <Refused error={signOut.error} />
      <Button busy={signOut.isPending} onClick={() => signOut.mutate()}>
        {t('me.sign-out')}
      </Button>
    </>
  )
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.at(-1)]
    .slice(0, words.length)
    .map((word) => word?.[0] ?? '')
    .join('')
    .toUpperCase()
}
