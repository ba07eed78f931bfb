/** The reference of a closure, to copy, and what it is good for. */
import { CopyButton } from '../../portal/copy.tsx'
import { useWords } from '../../portal/words.tsx'

export function Reference({ closure }: { closure: { reference: string } }) {
  const { t } = useWords()
  return (
    <div className="flex items-center mt-4 py-2.5 border-y border-line">
      <div className="flex-1">
        <div className="caption c3">{t('case.reference')}</div>
        <div className="mono strong text-[17px]">
          <bdi>{closure.reference}</bdi>
        </div>
      </div>
      <CopyButton text={closure.reference} label={t('case.copy-reference')} />
    </div>
  )
}
