/** Gives something another name: one field, cancel and save. */
import type { UseMutationResult } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Refusal } from '../failure.tsx'
import { useWords } from '../words.tsx'
import { Button, Pair } from './button.tsx'
import { TextField } from './field.tsx'

type Props = {
  label: string
  /** What it is called now. */
  name: string
  maxLength: number
  missing: string
  save: Pick<UseMutationResult<unknown, Error, string>, 'mutate' | 'error' | 'isPending'>
  onDone: () => void
  children?: ReactNode
}

export function NameForm({ label, name, maxLength, missing, save, onDone, children }: Props) {
  const { t } = useWords()
  const [typed, setTyped] = useState(name)
  const [tried, setTried] = useState(false)
  const isMissing = typed.trim() === ''
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (!isMissing && !save.isPending) save.mutate(typed.trim())
      }}
    >
      <TextField
        label={label}
        autoComplete="off"
        autoFocus
        maxLength={maxLength}
        value={typed}
        onChange={setTyped}
        error={tried && isMissing ? missing : undefined}
      />
      <Refusal error={save.error} />
      <Pair>
        <Button kind="even" onClick={onDone}>
          {t('button.cancel')}
        </Button>
        <Button kind="even" submit busy={save.isPending}>
          {t('button.save')}
        </Button>
      </Pair>
      {children}
    </form>
  )
}
