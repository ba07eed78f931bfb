/** The public keys certificates are signed with, for anybody who wants to verify one. */
import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { type Jwk, signatureKeysQuery } from '../../console/queries.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { CopyButton } from '../../portal/copy.tsx'

const address = '/.well-known/closure-keys.json'

export function SignatureKeysPage() {
  const { t } = useConsoleWords()
  const query = useQuery(signatureKeysQuery)
  const url = new URL(address, location.origin).href
  return (
    <ConsolePage title={t('sigkeys.title')}>
      <p className="c2">{t('sigkeys.lead')}</p>
      <div className="copyline">
        <a href={address}>
          <bdi className="mono">{url}</bdi>
        </a>
        <CopyButton text={url} label={t('sigkeys.copy-address')} />
      </div>
      <p className="c2 small">
        {t('sigkeys.how')}{' '}
        <code className="mono">npx violet verify certificate.json --keys {url}</code>
      </p>
      <Loaded query={query}>
        {(keys) =>
          keys.length === 0 ? (
            <p className="empty">{t('sigkeys.empty')}</p>
          ) : (
            keys.map((key) => <Key key={key.kid} jwk={key} />)
          )
        }
      </Loaded>
    </ConsolePage>
  )
}

function Key({ jwk }: { jwk: Jwk }) {
  const { t } = useConsoleWords()
  const text = JSON.stringify(jwk, null, 2)
  return (
    <section className="casesect">
      <h2 className="strong">
        {t('sigkeys.key')} <bdi className="mono">{jwk.kid}</bdi>
      </h2>
      <p className="caption c3">{[jwk.kty, jwk.crv, jwk.alg].filter(Boolean).join(' · ')}</p>
      <div className="copyline">
        <pre className="mono code-block">{text}</pre>
        <CopyButton text={text} label={t('sigkeys.copy-key')} />
      </div>
    </section>
  )
}
