/** “Is my phone able?”: the EID is the answer that counts; a list of models helps who has the phone not at hand. */
import { useState } from 'react'
import { ButtonLink } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { SearchField } from '../../portal/components/search-field.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Page, Section } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { useWords } from '../../portal/words.tsx'
import { isEid } from '../sgp22/eid.ts'
import { digitsOf } from './own-device.ts'
import { findPhones, type Maker } from './phones.ts'

export function CheckPage() {
  const { t } = useWords()
  return (
    <Page
      head={t('check.head')}
      sub={t('check.sub')}
      dock={
        <ButtonLink to="/install-guide" kind="quiet" block>
          {t('guide.head')}
        </ButtonLink>
      }
    >
      <ByEid />
      <ByModel />
    </Page>
  )
}

function ByEid() {
  const { t } = useWords()
  const [eid, setEid] = useDraft('eid', '')
  const digits = digitsOf(eid)
  const isWhole = digits.length >= 32
  return (
    <Section title={t('check.dial')}>
      <p className="small c2 mt-1">{t('check.dial-what')}</p>
      <div className="mt-4">
        <TextField
          label={t('check.eid')}
          hint={t('check.eid-hint')}
          value={eid}
          onChange={setEid}
          inputMode="numeric"
          autoComplete="off"
          maxLength={60}
          {...(isWhole && !isEid(digits) && { error: t('install.eid-wrong') })}
        />
      </div>
      <div role="status" className="mt-4">
        {isEid(digits) && (
          <Notice tone="info" live={false}>
            <p className="mid">{t('check.able')}</p>
            <p>{t('check.able-what')}</p>
          </Notice>
        )}
      </div>
    </Section>
  )
}

function ByModel() {
  const { t } = useWords()
  const [query, setQuery] = useState('')
  const found = findPhones(query)
  return (
    <Section title={t('check.models')}>
      <div className="mt-3">
        <SearchField label={t('check.search')} value={query} onChange={setQuery} />
      </div>
      <p className="caption c3 mt-2" role="status">
        {query.trim() !== '' && t('check.found', { count: found.length })}
      </p>
      {found.length === 0 ? (
        <p className="small c2 mt-3">{t('check.none')}</p>
      ) : (
        <dl className="rows mt-1">
          {found.map((maker) => (
            <Models key={maker.maker} maker={maker} />
          ))}
        </dl>
      )}
      <p className="caption c3 mt-4">{t('check.models-note')}</p>
    </Section>
  )
}

function Models({ maker: { maker, from, only } }: { maker: Maker }) {
  const { t } = useWords()
  const { list } = useFormat()
  return (
    <div className="row !block">
      <dt className="mid">{maker}</dt>
      <dd className="small c2">
        {from.length > 0 && <p>{t('check.and-later', { models: list(from) })}</p>}
        {only.length > 0 && <p>{list(only)}</p>}
      </dd>
    </div>
  )
}
