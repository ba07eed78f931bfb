/** The dial: one allowance moved up or down in whole steps, with its price and its limit named. */
import { Icon } from '../../portal/components/icon.tsx'
import { negate, times } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Dial as DialWire } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { quantityText } from './plan-text.ts'

const names: Record<DialWire['kind'], WordKey> = {
  data: 'dial.data',
  voice: 'dial.voice',
  sms: 'dial.sms',
}

type DialProps = {
  dial: DialWire
  steps: number
  /** What the line has now; where nothing is bought yet, what is included. */
  was?: number | undefined
  onChange: (steps: number) => void
}

export function Dial({ dial, steps, was, onChange }: DialProps) {
  const { t } = useWords()
  const format = useFormat()
  const name = t(names[dial.kind])
  const text = (count: number) =>
    quantityText(dial.kind, String(BigInt(dial.step) * BigInt(count)), t, format)
  const from = was ?? dial.included
  const extra = Math.abs(steps - from)
  const price = times(dial.pricePerStep, extra)
  const change = format.change(steps > from ? price : negate(price))
  return (
    <div className="dial">
      <div className="flex items-baseline justify-between">
        <span>
          <span className="mid">{name}</span>{' '}
          <span className="small c3 num ms-1">{extra > 0 && change}</span>
        </span>
        <b className="num text-[20px]">
          <bdi>{text(steps)}</bdi>
        </b>
      </div>
      <div className="ctl">
        <Step
          icon="minus"
          label={t('dial.less', { name })}
          off={steps <= dial.min}
          onClick={() => onChange(steps - 1)}
        />
        <Track dial={dial} steps={steps} was={was} label={name} text={text} onChange={onChange} />
        <Step
          icon="plus"
          label={t('dial.more', { name })}
          off={steps >= dial.max}
          onClick={() => onChange(steps + 1)}
        />
      </div>
      {steps >= dial.max && (
        <p className="caption c3 mt-1">{t('dial.most', { amount: text(dial.max) })}</p>
      )}
      {steps <= dial.min && (
        <p className="caption c3 mt-1">{t('dial.least', { amount: text(dial.min) })}</p>
      )}
    </div>
  )
}

type StepProps = { icon: 'plus' | 'minus'; label: string; off: boolean; onClick: () => void }

function Step({ icon, label, off, onClick }: StepProps) {
  return (
    <button type="button" className="step" aria-label={label} disabled={off} onClick={onClick}>
      <Icon name={icon} size="s" />
    </button>
  )
}

type TrackProps = DialProps & { label: string; text: (steps: number) => string }

function Track({ dial, steps, was, label, text, onChange }: TrackProps) {
  const { t } = useWords()
  const mark = was ?? dial.included
  const at = (count: number) => (100 * (count - dial.min)) / Math.max(1, dial.max - dial.min)
  const from = Math.min(at(steps), at(mark))
  const to = Math.max(at(steps), at(mark))
  const direction = steps > mark ? 'up' : 'down'
  return (
    <div className="slider">
      <div className="tr" />
      <div className="fill" style={{ width: `calc(${from}% + 14px)` }} />
      <div
        className={`delta ${direction}`}
        style={{ insetInlineStart: `${from}%`, width: `${to - from}%` }}
      />
      {steps !== mark && (
        <>
          <div className="was" style={{ insetInlineStart: `${at(mark)}%` }} />
          <span className="lab micro c3 num" style={{ insetInlineStart: `${at(mark)}%` }}>
            {t(was === undefined ? 'dial.included' : 'dial.was', { amount: text(mark) })}
          </span>
        </>
      )}
      <input
        type="range"
        min={dial.min}
        max={dial.max}
        value={steps}
        aria-label={label}
        aria-valuetext={text(steps)}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <div className="th" style={{ insetInlineStart: `${at(steps)}%`, pointerEvents: 'none' }} />
    </div>
  )
}
