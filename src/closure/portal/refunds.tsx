/** Where each refund is, and the form for one that its card refused. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, TextButton } from '../../portal/components/button.tsx'
import { CodeField } from '../../portal/components/code-field.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Entry, Ledger } from '../../portal/components/ledger.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, CodeSent } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { CodeTools, SentTo } from './code-tools.tsx'
import { instrumentText } from './quote-text.ts'

type Refund = Closure['refunds'][number]

const states: Record<Refund['state'], WordKey> = {
  requested: 'refund.is-pending',
  pending: 'refund.is-pending',
  'needs-account': 'refund.is-needs-account',
  'paying-out': 'refund.is-paying-out',
  succeeded: 'refund.is-succeeded',
  unclaimed: 'refund.is-unclaimed',
}

/** Who is paid, and how they ask for the code and name their account. */
export type Payee = {
  name: string
  country: string | null
  askCode: (contactId: string | undefined) => Promise<CodeSent>
  nameAccount: (refundId: string, given: { account: Account; code: string }) => Promise<void>
}

/** Its owner’s refunds. */
export function Refunds({ closure }: { closure: Closure }) {
  const { name, country } = useSubscriber()
  const base = `/v1/closures/${closure.caseId}`
  const payee: Payee = {
    name,
    country,
    askCode: (contactId) => send<CodeSent>('POST', `${base}/code`, contactId ? { contactId } : {}),
    nameAccount: async (refundId, given) => {
      const next = await send<Closure>('POST', `${base}/refunds/${refundId}/account`, given)
      queryClient.setQueryData(closureQuery(closure.caseId).queryKey, next)
    },
  }
  return <RefundsTo closure={closure} payee={payee} />
}

type Props = { closure: Closure; payee: Payee }

export function RefundsTo({ closure, payee }: Props) {
  const { t } = useWords()
  const format = useFormat()
  if (closure.refunds.length === 0) return null
  return (
    <section className="mt-6" aria-label={t('refund.head')}>
      <Ledger head={t('refund.head')}>
        {closure.refunds.map((refund) => (
          <Entry
            key={refund.refundId}
            label={
              refund.accountEnding && refund.state !== 'needs-account'
                ? t('refund.ending', { account: refund.accountEnding })
                : instrumentText(refund.instrument, t)
            }
            detail={t(refund.isLate ? 'refund.is-late' : states[refund.state])}
          >
            {format.money(refund.amount)}
          </Entry>
        ))}
      </Ledger>
      {closure.refunds
        .filter(({ state }) => state === 'needs-account')
        .map((refund) => (
          <Refused key={refund.refundId} closure={closure} payee={payee} refund={refund} />
        ))}
    </section>
  )
}

function Refused({ closure, payee, refund }: Props & { refund: Refund }) {
  const { t } = useWords()
  const format = useFormat()
  const [naming, setNaming] = useState(false)
  const { accountFailure, accountUntil } = refund
  return (
    <div className="mt-4 grid gap-3">
      {accountFailure && (
        <Notice tone="warn">
          {t(accountFailure === 'name_mismatch' ? 'refund.other-name' : 'refund.closed-account')}
        </Notice>
      )}
      {accountUntil && (
        <p className="small c2">{t('refund.until', { date: format.day(accountUntil) })}</p>
      )}
      <Button kind="primary" block onClick={() => setNaming(true)}>
        {t('refund.name-account')}
      </Button>
      <Sheet open={naming} onClose={() => setNaming(false)} title={t('refund.account-head')}>
        <AccountForm
          closure={closure}
          payee={payee}
          refund={refund}
          onDone={() => setNaming(false)}
        />
      </Sheet>
    </div>
  )
}

type FormProps = Props & { refund: Refund; onDone: () => void }
type Account =
  | { kind: 'iban'; iban: string }
  | { kind: 'account'; country: string; bankCode: string; accountNumber: string }

function isFilled(account: Account): boolean {
  if (account.kind === 'iban') return account.iban.trim() !== ''
  return account.bankCode.trim() !== '' && account.accountNumber.trim() !== ''
}

function AccountForm({ closure, payee, refund, onDone }: FormProps) {
  const { t } = useWords()
  const sentence = useSentence()
  const [account, setAccount] = useState<Account>({ kind: 'iban', iban: '' })
  const [missing, setMissing] = useState(false)
  const ask = useMutation({ mutationFn: payee.askCode })
  const name = useMutation({
    mutationFn: (code: string) => payee.nameAccount(refund.refundId, { account, code }),
    onSuccess: onDone,
  })
  const wrong = problemCode(name.error) === 'account-not-valid' ? sentence(name.error) : undefined
  const empty = missing && !isFilled(account) ? t('refund.fill-in') : undefined
  return (
    <div className="grid gap-4">
      <p className="c2">{t('refund.account-name', { name: payee.name })}</p>
      <AccountFields
        account={account}
        country={payee.country}
        onChange={setAccount}
        error={wrong ?? empty}
      />
      {ask.data ? (
        <CodeStep closure={closure} sent={ask.data} ask={ask} name={name} />
      ) : (
        <>
          <p className="small c2">{t('refund.code-why')}</p>
          <Refusal error={ask.error} />
          <Button
            kind="primary"
            block
            busy={ask.isPending}
            onClick={() => (isFilled(account) ? ask.mutate(undefined) : setMissing(true))}
          >
            {t('refund.get-code')}
          </Button>
        </>
      )}
    </div>
  )
}

type FieldsProps = {
  account: Account
  country: string | null
  onChange: (account: Account) => void
  error: string | undefined
}

function AccountFields({ account, country, onChange, error }: FieldsProps) {
  const { t } = useWords()
  const other = {
    kind: 'account',
    country: country ?? 'GB',
    bankCode: '',
    accountNumber: '',
  } as const
  if (account.kind === 'iban') {
    return (
      <>
        <TextField
          label={t('refund.iban')}
          value={account.iban}
          onChange={(iban) => onChange({ kind: 'iban', iban })}
          error={error}
        />
        <TextButton onClick={() => onChange(other)}>{t('refund.no-iban')}</TextButton>
      </>
    )
  }
  return (
    <>
      <TextField
        label={t('refund.bank-code')}
        value={account.bankCode}
        onChange={(bankCode) => onChange({ ...account, bankCode })}
      />
      <TextField
        label={t('refund.account-number')}
        value={account.accountNumber}
        onChange={(accountNumber) => onChange({ ...account, accountNumber })}
        error={error}
      />
      <TextButton onClick={() => onChange({ kind: 'iban', iban: '' })}>
        {t('refund.with-iban')}
      </TextButton>
    </>
  )
}

type CodeProps = {
  closure: Closure
  sent: CodeSent
  ask: { isPending: boolean; mutate: (contactId: string | undefined) => void }
  name: { error: Error | null; isPending: boolean; mutate: (code: string) => void }
}

function CodeStep({ closure, sent, ask, name }: CodeProps) {
  const { t } = useWords()
  const sentence = useSentence()
  const [code, setCode] = useState('')
  const problem = problemCode(name.error)
  const isCode = problem?.startsWith('code-') === true
  return (
    <>
      <p className="small c2">
        <SentTo sent={sent} closure={closure} />
      </p>
      <div>
        <CodeField
          label={t('code.label')}
          value={code}
          onChange={setCode}
          error={isCode ? sentence(name.error) : undefined}
        />
        <CodeTools closure={closure} sent={sent} busy={ask.isPending} onAsk={ask.mutate} />
      </div>
      {!isCode && problem !== 'account-not-valid' && <Refusal error={name.error} />}
      <Button kind="primary" block busy={name.isPending} onClick={() => name.mutate(code)}>
        {t('refund.account-send')}
      </Button>
    </>
  )
}
