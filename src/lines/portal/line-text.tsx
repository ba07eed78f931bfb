/** How a line looks wherever it is shown: its name, its state as a tag, its ring. */
import { type ReactNode, useState } from 'react'
import { type Tone, Tag } from '../../portal/components/notice.tsx'
import { Ring } from '../../portal/components/ring.tsx'
import { daysBetween, formatNumberE164 } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Bucket, Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'

const states: Record<Line['state'], readonly [WordKey, Tone]> = {
  ordered: ['line.ordered', 'info'],
  active: ['line.active', 'ok'],
  suspended: ['line.suspended', 'danger'],
  closing: ['line.closing', 'warn'],
  closed: ['line.closed', 'neutral'],
}

export function LineTag({ line }: { line: Line }) {
  const { t } = useWords()
  const [word, tone] = states[line.state]
  return <Tag tone={tone}>{t(word)}</Tag>
}

export function LineNumber({ msisdn }: { msisdn: string }) {
  return <bdi className="num">{formatNumberE164(msisdn)}</bdi>
}

/** Buckets of one kind count together. */
export function bucketOf(
  line: Line,
  kind: Bucket['kind'],
): { granted: number; remaining: number } | undefined {
  const buckets = line.buckets.filter((bucket) => bucket.kind === kind)
  if (buckets.length === 0) return undefined
  const total = (of: (bucket: Bucket) => string) =>
    buckets.reduce((so, one) => so + Number(of(one)), 0)
  return { granted: total((one) => one.granted), remaining: total((one) => one.remaining) }
}

export function isLow(bucket: { granted: number; remaining: number }): boolean {
  return bucket.granted > 0 && bucket.remaining / bucket.granted < 0.1
}

/** Before installation nothing is granted yet, so the ring shows what was bought. */
export function dataOf(line: Line): { granted: number; remaining: number } {
  const bought = Number(line.bought.dataBytes)
  return (
    bucketOf(line, 'data') ?? { granted: bought, remaining: line.state === 'ordered' ? bought : 0 }
  )
}

export function DataRing({ line, size }: { line: Line; size: 160 | 64 }) {
  const { t } = useWords()
  const format = useFormat()
  const data = dataOf(line)
  const { figure, unit } = format.dataParts(data.remaining)
  const state = line.state === 'suspended' ? 'suspended' : isLow(data) ? 'low' : 'normal'
  const share = data.granted > 0 ? data.remaining / data.granted : 0
  return (
    <Ring size={size} left={share} state={state}>
      {size === 160 ? (
        <>
          <div className="figure num" dir="ltr" style={{ fontSize: figure.length > 4 ? 32 : 38 }}>
            {figure}
            <span className="text-[17px] tracking-normal ms-1">{unit}</span>
          </div>
          <div className="caption c2">
            {t('line.left-of', { total: format.data(data.granted) })}
          </div>
        </>
      ) : (
        <>
          <div className="strong num text-[15px] leading-[18px]" dir="ltr">
            {figure}
          </div>
          <div className="c2 text-micro leading-[13px]">{unit}</div>
        </>
      )}
    </Ring>
  )
}

export function Fact({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Plan, renewal or end, and what is left of calls and texts. */
export function LineFacts({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const voice = bucketOf(line, 'voice')
  const sms = bucketOf(line, 'sms')
  const end = line.periodEnd
  const renewing = line.autoRenew && line.state === 'active'
  const [now] = useState(() => new Date().toISOString())
  const days = end ? daysBetween(now, end) : 0
  return (
    <dl className="facts flex-1 min-w-0">
      <Fact label={t('line.plan')}>{format.words(line.plan.name)}</Fact>
      {end && (
        <Fact label={t(renewing ? 'line.renews' : 'line.ends', { date: format.day(end) })}>
          {t('line.days-left', { count: days })}
        </Fact>
      )}
      {voice && (
        <Fact label={t('dial.voice')}>
          {t('line.minutes-left', { count: Math.floor(voice.remaining / 60) })}
        </Fact>
      )}
      {sms && <Fact label={t('dial.sms')}>{t('line.texts-left', { count: sms.remaining })}</Fact>}
    </dl>
  )
}

/** Where a line's closure stands: its draft, or its progress. */
export function closurePath(line: Line): string {
  return line.closureCaseId ? `/closures/${line.closureCaseId}` : `/close/line/${line.lineId}`
}

const profileStates: Record<Line['profile']['state'], WordKey> = {
  available: 'profile.ready',
  allocated: 'profile.ready',
  linked: 'profile.ready',
  confirmed: 'profile.ready',
  released: 'profile.ready',
  downloaded: 'profile.downloaded',
  installed: 'profile.installed',
  error: 'profile.error',
  unavailable: 'profile.unavailable',
}

const deviceStates: Record<NonNullable<Line['profile']['deviceState']>, WordKey> = {
  enabled: 'profile.enabled',
  disabled: 'profile.disabled',
  deleted: 'profile.deleted',
}

export function profileWord(profile: Line['profile']): WordKey {
  if (profile.deviceState) return deviceStates[profile.deviceState]
  return profileStates[profile.state]
}
