/** A new code with other wishes: for one phone alone, or with a code that the phone asks for; and after a refused download. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { digitsOf } from '../../esim/portal/own-device.ts'
import { isEid } from '../../esim/sgp22/eid.ts'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink, Pair } from '../../portal/components/button.tsx'
import { Tick } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { installationQuery } from '../../portal/line-queries.ts'
import { lineQuery } from '../../portal/queries.ts'
import type { Installation } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type Wish = { eid: string | null; confirmationCode: boolean }

function useNewCode(lineId: string, onDone = () => {}) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: Wish) => send('POST', `/v1/lines/${lineId}/installation`, wish),
    onSuccess: async () => {
      onDone()
      await client.resetQueries({ queryKey: installationQuery(lineId).queryKey })
      await client.invalidateQueries({ queryKey: lineQuery(lineId).queryKey })
    },
  })
}

export function Wishes({ lineId, installation }: { lineId: string; installation: Installation }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const [eid, setEid] = useState(installation.eid ?? '')
  const [withCode, setWithCode] = useState(installation.confirmationCode !== null)
  const [isWrong, setWrong] = useState(false)
  const close = () => setOpen(false)
  const order = useNewCode(lineId, close)
  const submit = () => {
    const digits = digitsOf(eid)
    const isGiven = digits !== ''
    setWrong(isGiven && !isEid(digits))
    if (isGiven && !isEid(digits)) return
    order.mutate({ eid: digits || null, confirmationCode: withCode })
  }
  return (
    <Section title={t('install.wishes')}>
      <ul className="rows mt-0.5">
        <li>
          <button type="button" className="row" onClick={() => setOpen(true)}>
            <span className="grow mid">{t('install.wishes-open')}</span>
          </button>
        </li>
      </ul>
      <Sheet open={open} onClose={close} title={t('install.wishes')}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <TextField
            label={t('install.eid')}
            hint={t('install.eid-hint')}
            value={eid}
            onChange={setEid}
            inputMode="numeric"
            autoComplete="off"
            maxLength={60}
            {...(isWrong && { error: t('install.eid-wrong') })}
          />
          <Tick checked={withCode} onChange={setWithCode}>
            {t('install.with-code')}
          </Tick>
          <p className="small c2">{t('install.wishes-follows')}</p>
          <Refusal error={order.error} />
          <Pair>
            <Button kind="even" onClick={close}>
              {t('button.cancel')}
            </Button>
            <Button kind="even" submit busy={order.isPending}>
              {t('install.new-code')}
            </Button>
          </Pair>
        </form>
      </Sheet>
    </Section>
  )
}

/** The phone or the profile server ended the download: nothing is lost, and a new code is one tap away. */
export function DownloadFailed({ lineId }: { lineId: string }) {
  const { t } = useWords()
  const order = useNewCode(lineId)
  const again = () => order.mutate({ eid: null, confirmationCode: false })
  return (
    <Page
      head={t('install.failed')}
      sub={t('install.failed-sub')}
      back={`/lines/${lineId}`}
      dock={
        <Button kind="primary" block busy={order.isPending} onClick={again}>
          {t('install.new-code')}
        </Button>
      }
    >
      <Refusal error={order.error} />
      <div className="mt-4">
        <ButtonLink
          to="/help/new"
          search={{ about: 'line', page: `/lines/${lineId}/install` }}
          kind="quiet"
        >
          {t('line.ask')}
        </ButtonLink>
      </div>
    </Page>
  )
}
