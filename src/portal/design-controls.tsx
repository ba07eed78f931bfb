/** The style page's controls: colours, type, buttons, fields, choices, code. */
import { useState } from 'react'
import { Button, Pair, TextButton } from './components/button.tsx'
import { Choices, Segmented, Tick } from './components/choices.tsx'
import { CodeField } from './components/code-field.tsx'
import { TextField } from './components/field.tsx'
import { useFormat } from './use-format.ts'
import { useToast } from './toast.tsx'
import { useWords } from './words.tsx'

const colours = [
  'bg inset inset-2 raised line line-ctl ink-3 ink-2 ink',
  'accent accent-soft ok warn danger info',
  'data-1 data-2 data-3 data-4 data-5 data-6 track',
]

export function DesignColours() {
  const format = useFormat()
  return (
    <>
      {colours.map((row) => (
        <div key={row} className="grid grid-cols-[repeat(auto-fill,minmax(64px,1fr))] gap-2">
          {row.split(' ').map((name) => (
            <div key={name} className="grid gap-1">
              <div
                className="h-11 rounded-s border border-line"
                style={{ background: `var(--${name})` }}
              />
              <span className="micro c2">{name}</span>
            </div>
          ))}
        </div>
      ))}
      <div className="flex flex-wrap items-baseline gap-4">
        <span className="figure num">{format.money({ amount: '25.25', currency: 'GBP' })}</span>
        {['head', 'title', 'lead', 'body', 'small', 'caption'].map((name) => (
          <span key={name} className={name}>
            {name}
          </span>
        ))}
      </div>
    </>
  )
}

export function DesignControls() {
  const { t } = useWords()
  const [choice, setChoice] = useState<string>()
  const [segment, setSegment] = useState<string>()
  const [tick, setTick] = useState(false)
  const [code, setCode] = useState('407')
  return (
    <>
      <Buttons />
      <TextField
        label={t('line.nickname')}
        value=""
        onChange={() => {}}
        hint={t('checkout.nickname-hint')}
      />
      <CodeField label={t('code.label')} value={code} onChange={setCode} />
      <Choices
        legend={t('quote.refund-it')}
        choices={[
          { key: 'refund', label: t('quote.refund-it'), detail: t('quote.refund-detail') },
          { key: 'move', label: t('money.moved'), detail: t('quote.move-paid-detail') },
          {
            key: 'donate',
            label: t('quote.donate-it'),
            notAllowed: t('refusal.choice-not-allowed'),
          },
        ]}
        value={choice}
        onChange={setChoice}
        error={choice ? undefined : t('quote.choose-one')}
      />
      <Segmented
        legend={t('settings.theme')}
        options={[
          ['a', t('settings.light')],
          ['b', t('settings.dark')],
        ]}
        value={segment}
        onChange={setSegment}
      />
      <Tick checked={tick} onChange={setTick}>
        {t('confirm.tick-now')}
      </Tick>
    </>
  )
}

function Buttons() {
  const { t } = useWords()
  const toast = useToast()
  const done = () => toast(t('account.saved'))
  return (
    <>
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" onClick={done}>
          {t('ticket.send')}
        </Button>
        <Button kind="primary" busy>
          {t('ticket.send')}
        </Button>
        <Button kind="tonal">{t('line.top-up')}</Button>
        <Button>{t('button.done')}</Button>
        <Button kind="danger">{t('confirm.close-line')}</Button>
        <TextButton onClick={done}>{t('account.change')}</TextButton>
      </div>
      <Pair>
        <Button kind="even">{t('closing.keep-line')}</Button>
        <Button kind="even">{t('quote.go-on')}</Button>
      </Pair>
      <div>
        <p className="caption c2 mb-2" id="design-why">
          {t('confirm.both')}
        </p>
        <Button kind="danger" block disabledBy="design-why">
          {t('confirm.close-line')}
        </Button>
      </div>
    </>
  )
}
