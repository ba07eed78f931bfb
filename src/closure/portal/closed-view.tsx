/** Closed: the final statement first, then the proof, then what is kept and until when. */
import { useQuery } from '@tanstack/react-query'
import { Fragment } from 'react'
import { read } from '../../portal/api.ts'
import { ButtonAnchor, TextLink } from '../../portal/components/button.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { useClosureName, useLineName } from './case.tsx'
import { type Claims, isOnPhone, type Line, removalText } from './certificate-facts.tsx'
import { type Check, checkCertificate, type Jwks } from './certificate.ts'
import { basisWords, keptWords } from './kept.ts'
import { FinalStatement } from './quote-tables.tsx'

export function ClosedView({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const format = useFormat()
  const name = useClosureName()
  const lineName = useLineName()
  const ended =
    closure.serviceEndedAt && format.moment(closure.serviceEndedAt, { year: true, place: true })
  const settled = closure.closedAt && format.day(closure.closedAt, { year: true })
  return (
    <Page
      bare
      head={
        closure.scope === 'line'
          ? t('closed.head', { name: name(closure) })
          : t('closed.head-account')
      }
      sub={t('closed.sub', { ended: ended ?? '', settled: settled ?? '' })}
    >
      {(closure.finalStatement ?? []).map((table) => (
        <div className="mt-6" key={table.currency}>
          <FinalStatement table={table} several={closure.scope === 'account'} lineName={lineName} />
        </div>
      ))}
      <Certificate closure={closure} />
      <Kept closure={closure} />
      <Ended closure={closure} />
    </Page>
  )
}

function Certificate({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const format = useFormat()
  const { certificate } = closure
  if (!certificate) {
    return (
      <Section title={t('closed.certificate')}>
        <p className="small c2 mt-1">{t('closed.certificate-soon')}</p>
      </Section>
    )
  }
  return (
    <Section title={t('closed.certificate')} end={<SignatureTag url={certificate.jsonUrl} />}>
      <p className="small c2 mt-1">
        <span className="mono">{closure.reference}</span>
        {' · '}
        {t('closed.signed', { at: format.moment(certificate.signedAt, { year: true }) })}
      </p>
      <div className="stack mt-3">
        <div className="pair">
          <ButtonAnchor href={certificate.pdfUrl} icon="download" small download="">
            PDF
          </ButtonAnchor>
          <ButtonAnchor href={certificate.jsonUrl} icon="download" small download="">
            JSON
          </ButtonAnchor>
        </div>
        <ButtonAnchor
          href={`/v1/closures/${closure.caseId}/receipt.pdf`}
          icon="download"
          small
          block
          download=""
        >
          {t('closed.receipt')}
        </ButtonAnchor>
        <TextLink to="/verify">{t('closed.check')}</TextLink>
      </div>
    </Section>
  )
}

/** Checked here, in the browser, against the published keys. */
function useCertificate(url: string | undefined) {
  return useQuery({
    queryKey: ['certificate', url],
    enabled: url !== undefined,
    queryFn: async ({ signal }) => {
      const [file, keys] = await Promise.all([
        fetch(url!, { signal }).then((response) => response.text()),
        read<Jwks>('/.well-known/closure-keys.json', signal),
      ])
      return checkCertificate(file, keys)
    },
    staleTime: Number.POSITIVE_INFINITY,
    // The phone may confirm at any moment that the eSIM is gone.
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? 5_000 : false),
  })
}

const linesOf = (check: Check): Line[] =>
  check.kind === 'valid' ? ((check.claims as Claims).lines ?? []) : []

/** Whether an eSIM may still be on a phone. */
const isOpen = (check: Check): boolean =>
  check.kind === 'valid' && linesOf(check).some((line) => isOnPhone(line, check.added))

function SignatureTag({ url }: { url: string }) {
  const { t } = useWords()
  const check = useCertificate(url)
  if (!check.data) return null
  const valid = check.data.kind === 'valid'
  return (
    <Tag tone={valid ? 'ok' : 'danger'}>{valid ? t('verify.valid') : t('verify.not-valid')}</Tag>
  )
}

function Kept({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const format = useFormat()
  if (closure.kept.length === 0) return null
  return (
    <Section title={t('closed.kept')}>
      <ul className="rows mt-1">
        {closure.kept.map((item) => {
          const words = keptWords(item.category)
          const basis = basisWords(item.basis)
          return (
            <li className="row tight" key={item.category}>
              <div className="grow">
                {words ? t(words) : item.category}
                <div className="caption c3">{basis ? t(basis) : item.basis}</div>
              </div>
              {item.erasedAt ? (
                <span className="small ok">
                  {t('closed.erased', { date: format.day(item.erasedAt, { year: true }) })}
                </span>
              ) : (
                item.until && (
                  <span className="small num">
                    {t('closed.until', { date: format.day(item.until, { year: true }) })}
                  </span>
                )
              )}
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function Ended({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const format = useFormat()
  const until = closure.quote?.numberKeptUnusedUntil
  const certificate = useCertificate(closure.certificate?.jsonUrl)
  const genuine = certificate.data?.kind === 'valid' ? certificate.data : undefined
  const lines = genuine ? linesOf(genuine) : []
  return (
    <Section title={t('closed.number-and-esim')}>
      <dl className="kv mt-2.5">
        {until && (
          <>
            <dt>{t('closed.number-until')}</dt>
            <dd className="num">{format.day(until, { year: true })}</dd>
          </>
        )}
        {genuine &&
          lines.map((line) => (
            <Fragment key={line.iccidMasked}>
              <dt>
                {t('line.profile')} <span className="num">{line.iccidMasked}</span>
              </dt>
              <dd>{removalText(line, genuine.added, t, format.full)}</dd>
            </Fragment>
          ))}
        <dt>{t('closed.reactivation')}</dt>
        <dd>{t('closed.not-possible')}</dd>
        {closure.scope === 'line' && (
          <>
            <dt>{t('closed.account')}</dt>
            <dd>{t('closed.account-open')}</dd>
          </>
        )}
      </dl>
      {genuine && isOpen(genuine) && <TextLink to="/delete-guide">{t('delete.link')}</TextLink>}
    </Section>
  )
}
