/** The style page's content: notices, tags, rings, ledger, timeline, waiting and empty. */
import { Entry, Ledger, Summary, Total } from './components/ledger.tsx'
import { Empty, Notice, RowsSkeleton, Tag } from './components/notice.tsx'
import { Ring } from './components/ring.tsx'
import { Timeline } from './components/timeline.tsx'
import { useFormat } from './use-format.ts'
import { useWords } from './words.tsx'

const gbp = (amount: string) => ({ amount, currency: 'GBP' })

export function DesignContent() {
  const { t } = useWords()
  const format = useFormat()
  return (
    <>
      <div className="flex flex-wrap gap-4">
        <Tag tone="ok">{t('line.active')}</Tag>
        <Tag tone="info">{t('case.in-review')}</Tag>
        <Tag tone="warn">{t('line.low')}</Tag>
        <Tag tone="danger">{t('ready.owe', { amount: format.money(gbp('4.20')) })}</Tag>
        <Tag>{t('line.closed')}</Tag>
      </div>
      <Notice live={false}>{t('quote.changed')}</Notice>
      <Notice live={false} tone="info">
        {t('line.closure-open')}
      </Notice>
      <Notice live={false} tone="warn">
        {t('refusal.profile-incomplete')}
      </Notice>
      <Notice live={false} tone="danger">
        {t('answers.final-now')}
      </Notice>
      <div className="flex flex-wrap items-center gap-5">
        <Ring size={72} left={0.63}>
          <b className="num">12.6</b>
        </Ring>
        <Ring size={72} left={0.08} state="low">
          <b className="num">0.4</b>
        </Ring>
        <Ring size={72} left={0}>
          <b className="num">0</b>
        </Ring>
        <Ring size={72} left={undefined}>
          <b>∞</b>
        </Ring>
        <Ring size={72} left={0.5} state="suspended">
          <b className="num">5</b>
        </Ring>
      </div>
      <LedgerSamples />
      <TimelineSample />
      <RowsSkeleton count={2} />
      <Empty>{t('home.none')}</Empty>
    </>
  )
}

function LedgerSamples() {
  const { t } = useWords()
  const format = useFormat()
  const card = t('money.card', { brand: 'Visa', last4: '4471' })
  return (
    <>
      <Ledger head={t('quote.goes')}>
        <Entry label={t('money.refund-to', { card })} strong>
          {format.money(gbp('25.25'))}
        </Entry>
        <Entry label={t('money.forfeited')}>{format.money(gbp('5.00'))}</Entry>
        <Total label={t('quote.total')} agrees>
          {format.money(gbp('30.25'))}
        </Total>
      </Ledger>
      <Ledger head={t('quote.goes')}>
        <Total label={t('quote.total')}>
          <span className="c3">{t('quote.choose-first')}</span>
        </Total>
      </Ledger>
      <Summary
        rows={[
          [t('confirm.closing'), t('closing.account')],
          [t('answers.refund'), format.money(gbp('25.25'))],
        ]}
      />
    </>
  )
}

function TimelineSample() {
  const { t } = useWords()
  const row = (
    key: string,
    state: 'done' | 'now' | 'todo' | 'paused' | 'failed',
    title: string,
  ) => ({
    key,
    state,
    title,
    spoken: t('step.is-done'),
  })
  return (
    <Timeline
      items={[
        row('a', 'done', t('step.received')),
        row('b', 'now', t('step.review')),
        row('c', 'todo', t('step.service-ends')),
        row('d', 'paused', t('step.needs-attention')),
        row('e', 'failed', t('step.rejected')),
      ]}
      noReturnBefore="c"
      noReturn={t('step.no-return')}
    />
  )
}
