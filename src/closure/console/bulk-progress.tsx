/** How far a bulk closure is: a bar of what has ended, and how many lines stand where. */
import { useConsoleWords } from '../../console/words.tsx'
import type { BulkView } from '../../console/wire.ts'
import { useFormat } from '../../portal/use-format.ts'

const ended: readonly string[] = ['closed', 'withdrawn', 'rejected']

export function BulkProgress({ bulk: { progress } }: { bulk: BulkView }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const refused = Object.values(progress.refused).reduce((sum, count) => sum + count, 0)
  const done = ended.reduce((sum, state) => sum + (progress.states[state] ?? 0), 0)
  const part = progress.lines - refused
  const share = part === 0 ? 1 : done / part
  const text = t('bulk.done-of', { done: format.number(done), lines: format.number(part) })
  return (
    <section className="bulkprogress" aria-label={t('bulk.progress')}>
      <div className="meterhead">
        <span className="strong small">{text}</span>
        <span className="num">{format.number(Math.floor(share * 100))}%</span>
      </div>
      <progress className="meter" value={done} max={Math.max(part, 1)} aria-label={text} />
      <dl className="counts">
        {progress.waiting > 0 && (
          <div>
            <dt>{t('bulk.waiting')}</dt>
            <dd className="num">{format.number(progress.waiting)}</dd>
          </div>
        )}
        {progress.givingBack > 0 && (
          <div>
            <dt>{t('bulk.giving-back')}</dt>
            <dd className="num">{format.number(progress.givingBack)}</dd>
          </div>
        )}
        {Object.entries(progress.states).map(([state, count]) => (
          <div key={state}>
            <dt>{code('state', state)}</dt>
            <dd className="num">{format.number(count)}</dd>
          </div>
        ))}
        {Object.entries(progress.refused).map(([why, count]) => (
          <div key={why}>
            <dt>{code('bulk-refusal', why)}</dt>
            <dd className="num">{format.number(count)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
