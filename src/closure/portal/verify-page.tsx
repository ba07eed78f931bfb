/** Anyone checks a closure certificate or a retention receipt here; the file stays in the browser. */
import { useMutation } from '@tanstack/react-query'
import { type DragEvent, useRef, useState } from 'react'
import { read } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { cx } from '../../portal/components/cx.ts'
import { TextField } from '../../portal/components/field.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { LanguageSwitch } from '../../portal/language.tsx'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { CertificateFacts } from './certificate-facts.tsx'
import { type Check, checkCertificate, isReceipt, type Jwks } from './certificate.ts'
import { ReceiptFacts } from './receipt-facts.tsx'

export function VerifyPage() {
  const { t } = useWords()
  const [pasted, setPasted] = useDraft('verify', '')
  // A file stays where it is; what was pasted is kept like anything typed.
  const [dropped, setDropped] = useState<string>()
  const text = dropped ?? pasted
  const [missing, setMissing] = useState(false)
  const check = useMutation({
    mutationFn: async (file: string) =>
      checkCertificate(file, await read<Jwks>('/.well-known/closure-keys.json')),
  })
  const take = (file: string) => {
    setMissing(!file.trim())
    if (file.trim()) check.mutate(file)
  }
  return (
    <Page
      bare
      head={check.data ? t(headOf(check.data)) : t('verify.head')}
      sub={check.data ? <Why check={check.data} /> : t('verify.sub')}
      end={<LanguageSwitch />}
      dock={
        <>
          <Refusal error={check.error} />
          <Button kind="primary" block busy={check.isPending} onClick={() => take(text)}>
            {t('verify.check')}
          </Button>
        </>
      }
    >
      {check.data?.kind === 'valid' && isReceipt(check.data.claims) && (
        <ReceiptFacts claims={check.data.claims} keyId={check.data.keyId} />
      )}
      {check.data?.kind === 'valid' && !isReceipt(check.data.claims) && (
        <CertificateFacts
          claims={check.data.claims}
          keyId={check.data.keyId}
          added={check.data.added}
        />
      )}
      <DropZone
        onFile={(file) => {
          setDropped(file)
          take(file)
        }}
      />
      <div className="mt-5">
        <TextField
          label={t('verify.paste')}
          rows={6}
          value={text}
          onChange={(next) => {
            check.reset()
            setDropped(undefined)
            setPasted(next)
          }}
          error={missing && !text.trim() ? t('verify.missing') : undefined}
        />
      </div>
      <p className="caption c3 mt-4">{t('verify.offline')}</p>
      <p className="caption mono">npx violet verify certificate.json --keys keys.json</p>
    </Page>
  )
}

function headOf(check: Check): WordKey {
  if (check.kind === 'not-valid') return 'verify.is-not-valid'
  return isReceipt(check.claims) ? 'verify.is-valid-receipt' : 'verify.is-valid'
}

const reasons: Record<Extract<Check, { kind: 'not-valid' }>['reason'], WordKey> = {
  'no-certificate': 'verify.no-certificate',
  'unknown-key': 'verify.unknown-key',
  changed: 'verify.was-changed',
  'not-supported': 'verify.not-supported',
}

function Why({ check }: { check: Check }) {
  const { t } = useWords()
  const valid = check.kind === 'valid'
  return (
    <span role="status" className={cx('flex gap-2', valid ? 'ok' : 'danger')}>
      <Icon name={valid ? 'check' : 'warn'} size="s" />
      {valid ? t('verify.why-valid') : t(reasons[check.reason])}
    </span>
  )
}

function DropZone({ onFile }: { onFile: (text: string) => void }) {
  const { t } = useWords()
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const open = async (file: File | undefined) => {
    // A certificate is a few kilobytes; anything large is something else.
    if (file) onFile(file.size < 1_000_000 ? await file.text() : '?')
  }
  const drag = (event: DragEvent, inside: boolean) => {
    event.preventDefault()
    setOver(inside)
  }
  return (
    <div
      className={cx(
        'zone mt-5 grid justify-items-center gap-2 text-center',
        over && 'bg-accent-soft',
      )}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false)
        void open(event.dataTransfer.files[0])
      }}
    >
      <Icon name="file" />
      <span className="small c2">{t('verify.drop')}</span>
      <Button kind="even" small onClick={() => input.current?.click()}>
        {t('verify.choose')}
      </Button>
      <input
        ref={input}
        type="file"
        className="sr-only"
        tabIndex={-1}
        aria-hidden="true"
        accept=".json,.jws,application/json,application/jose,text/plain"
        onChange={(event) => void open(event.target.files?.[0])}
      />
    </div>
  )
}
