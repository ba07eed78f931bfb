/** A line's More: rename, statement, and the way to close it, all of the same weight. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, linkProps } from '../../portal/components/button.tsx'
import { NameForm } from '../../portal/components/name-form.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useLeaving } from '../../portal/leaving.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { closurePath } from './line-text.tsx'

type Props = { line: Line; open: boolean; onClose: () => void }

export function MoreSheet({ line, open, onClose }: Props) {
  const { t } = useWords()
  const leaving = useLeaving()
  const [renaming, setRenaming] = useState(false)
  const close = () => {
    setRenaming(false)
    onClose()
  }
  return (
    <Sheet open={open} onClose={close} title={line.nickname}>
      {renaming ? (
        <Rename line={line} onDone={close} />
      ) : (
        <>
          <ul className="rows">
            <li>
              <button type="button" className="row" onClick={() => setRenaming(true)}>
                <span className="grow mid">{t('line.rename')}</span>
              </button>
            </li>
            <li>
              <Link {...linkProps({ to: `/lines/${line.lineId}/install` })} className="row">
                <span className="grow mid">{t('line.move-phone')}</span>
              </Link>
            </li>
            <li>
              <Link
                {...linkProps({
                  to: '/help/new',
                  search: { about: 'line', page: `/lines/${line.lineId}` },
                })}
                className="row"
              >
                <span className="grow mid">{t('line.ask')}</span>
              </Link>
            </li>
            {line.state !== 'closed' && (
              <li>
                <Link {...linkProps({ to: closurePath(line) })} className="row">
                  <span className="grow mid">
                    {line.state === 'closing'
                      ? t('line.closing-progress')
                      : leaving.close(t('line.close'))}
                  </span>
                </Link>
              </li>
            )}
          </ul>
          <div className="mt-3 grid">
            <Button onClick={close}>{t('button.done')}</Button>
          </div>
        </>
      )}
    </Sheet>
  )
}

function Rename({ line, onDone }: { line: Line; onDone: () => void }) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  const save = useMutation({
    mutationFn: (nickname: string) => send<Line>('PATCH', `/v1/lines/${line.lineId}`, { nickname }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['lines'] })
      toast(t('account.saved'))
      onDone()
    },
  })
  return (
    <NameForm
      label={t('line.nickname')}
      name={line.nickname}
      maxLength={40}
      missing={t('line.nickname-missing')}
      save={save}
      onDone={onDone}
    />
  )
}
