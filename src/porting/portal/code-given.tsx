/** A transfer code, shown this once; what is kept of it is not the code. */
import { Notice } from '../../portal/components/notice.tsx'
import { CopyButton } from '../../portal/copy.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { useWords } from '../../portal/words.tsx'

export function CodeGiven({
  portCode,
  expiresAt,
}: {
  portCode: string
  expiresAt: string | undefined
}) {
  const { t } = useWords()
  const format = useFormat()
  return (
    <div className="mt-5" role="status">
      <Notice tone="info" live={false}>
        <p>{t('number.code-once')}</p>
      </Notice>
      <div className="flex items-center gap-3 mt-4">
        <bdi className="text-2xl mono" data-port-code>
          {portCode}
        </bdi>
        <CopyButton text={portCode} label={t('number.copy')} />
      </div>
      {expiresAt && (
        <p className="small c2 mt-2">
          {t('number.code-until', { at: format.moment(expiresAt, { year: true }) })}
        </p>
      )}
    </div>
  )
}
