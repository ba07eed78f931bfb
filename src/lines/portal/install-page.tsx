/** Installing the eSIM: one tap, a QR code, or typed by hand, with the state it has reached. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { problemCode } from '../../portal/api.ts'
import { ButtonAnchor, ButtonLink } from '../../portal/components/button.tsx'
import { LinkRow } from '../../portal/components/link-row.tsx'
import { Notice, RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { CopyButton } from '../../portal/copy.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { installationQuery } from '../../portal/line-queries.ts'
import { lineQuery, operatorQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Installation, Line } from '../../portal/wire.ts'
import { type Translate, useWords } from '../../portal/words.tsx'
import { ownDevice } from '../../esim/portal/own-device.ts'
import { allowanceText } from '../../plans/portal/plan-text.ts'
import { DownloadFailed, Wishes } from './install-wishes.tsx'
import { profileWord } from './line-text.tsx'

const onPhone: readonly Line['profile']['state'][] = ['downloaded', 'installed']

export function InstallPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery({ ...lineQuery(lineId), refetchInterval: 2_000 })
  const settled = line.data && onPhone.includes(line.data.profile.state)
  const installation = useQuery({
    ...installationQuery(lineId),
    enabled: line.data?.profile.state !== 'installed',
    refetchInterval: ({ state }) => (isPreparing(state.error) ? 1_000 : false),
  })
  if (line.data && (settled || problemCode(installation.error) === 'profile-not-available')) {
    return <Installed line={line.data} installation={installation.data} />
  }
  if (isPreparing(installation.error)) return <Preparing lineId={lineId} />
  if (problemCode(installation.error) === 'profile-download-failed') {
    return <DownloadFailed lineId={lineId} />
  }
  return (
    <Page
      head={t('install.head')}
      back={`/lines/${lineId}`}
      sub={line.data && <What line={line.data} />}
      dock={<Status line={line.data} />}
    >
      <Loaded query={installation} skeleton={<RowsSkeleton count={4} />}>
        {(data) => (
          <>
            <Ways installation={data} />
            <Wishes lineId={lineId} installation={data} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

const isPreparing = (error: unknown) => problemCode(error) === 'profile-in-preparation'

/** The SM-DP+ has the order; the page asks again by itself. */
function Preparing({ lineId }: { lineId: string }) {
  const { t } = useWords()
  return (
    <Page head={t('install.preparing')} sub={t('install.preparing-sub')} back={`/lines/${lineId}`}>
      <div role="status" aria-busy="true">
        <RowsSkeleton count={4} />
      </div>
    </Page>
  )
}

function What({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  return t('install.sub', { name: line.nickname, allowance: allowanceText(line.bought, t, format) })
}

function Status({ line }: { line: Line | undefined }) {
  const { t } = useWords()
  if (!line) return null
  return (
    <div className="flex items-center gap-3" role="status">
      <span className="flex-1">
        <Tag tone={line.profile.state === 'error' ? 'danger' : 'info'}>
          {t(profileWord(line.profile))}
        </Tag>
      </span>
      <span className="caption c3 num">
        ICCID <bdi>{line.profile.iccidMasked}</bdi>
      </span>
    </div>
  )
}

type InstalledProps = { line: Line; installation: Installation | undefined }

function Installed({ line, installation }: InstalledProps) {
  const { t } = useWords()
  const [head, sub] = installedText(line, t)
  const isDeleted = line.profile.deviceState === 'deleted'
  return (
    <Page
      head={head}
      sub={sub}
      back={`/lines/${line.lineId}`}
      dock={
        isDeleted ? (
          <ButtonLink
            to="/help/new"
            search={{ about: 'line', page: `/lines/${line.lineId}/install` }}
            kind="primary"
            block
          >
            {t('line.ask')}
          </ButtonLink>
        ) : (
          <ButtonLink to={`/lines/${line.lineId}`} kind="primary" block>
            {t('install.to-line')}
          </ButtonLink>
        )
      }
    >
      <div role="status">
        <dl className="kv mt-6">
          <dt>{t('line.profile')}</dt>
          <dd>{t(profileWord(line.profile))}</dd>
          <dt>ICCID</dt>
          <dd className="num">
            <bdi>{line.profile.iccidMasked}</bdi>
          </dd>
        </dl>
      </div>
      {installation && line.profile.state === 'downloaded' && (
        <>
          <Section title={t('install.again')}>
            <p className="small c2 mt-1">{t('install.again-what')}</p>
          </Section>
          <Scan installation={installation} first />
          <ByHand installation={installation} />
        </>
      )}
    </Page>
  )
}

function installedText(line: Line, t: Translate): [head: string, sub: string] {
  if (!onPhone.includes(line.profile.state))
    return [t('install.gone'), t('refusal.profile-not-available')]
  if (line.profile.deviceState === 'deleted')
    return [t('profile.deleted'), t('install.deleted-sub')]
  return line.state === 'active'
    ? [t('install.done'), t('install.done-sub')]
    : [t('install.downloaded'), t('install.downloaded-sub')]
}

function Ways({ installation }: { installation: Installation }) {
  const { t } = useWords()
  const { links } = installation
  // The phone in hand comes first; on a desk neither does.
  const own = ownDevice()
  const ios = (
    <ButtonAnchor
      key="ios"
      href={links.ios}
      kind={own === 'ios' ? 'primary' : 'quiet'}
      icon="phone"
      block
    >
      {own === 'ios' ? t('install.this-iphone') : t('install.iphone')}
    </ButtonAnchor>
  )
  const android = (
    <ButtonAnchor
      key="android"
      href={links.android}
      kind={own === 'android' ? 'primary' : 'quiet'}
      icon="phone"
      block
    >
      {own === 'android' ? t('install.this-android') : t('install.android')}
    </ButtonAnchor>
  )
  const taps = (
    <div className="stack mt-6">{own === 'android' ? [android, ios] : [ios, android]}</div>
  )
  return (
    <>
      <WhichPhones />
      {own !== 'other' && taps}
      <Scan installation={installation} first={own === 'other'} />
      <Guides />
      <ByHand installation={installation} />
      {own === 'other' && <Section title={t('install.tap')}>{taps}</Section>}
    </>
  )
}

function Guides() {
  const { t } = useWords()
  return (
    <ul className="rows mt-6">
      <LinkRow to="/install-guide" title={t('install.guide')} />
      <LinkRow to="/phone-check" title={t('check.head')} />
    </ul>
  )
}

function ByHand({ installation }: { installation: Installation }) {
  const { t } = useWords()
  return (
    <Section title={t('install.type')}>
      <ul className="rows mt-0.5">
        <Typed
          label={t('install.address')}
          value={installation.manual.address}
          copy={t('install.copy-address')}
        />
        <Typed
          label={t('install.code')}
          value={installation.manual.matchingId}
          copy={t('install.copy-code')}
        />
        {installation.confirmationCode !== null && (
          <Typed
            label={t('install.confirmation-code')}
            value={installation.confirmationCode}
            copy={t('install.copy-confirmation-code')}
          />
        )}
        <Typed
          label={t('install.whole')}
          value={installation.activationCode}
          copy={t('install.copy-whole')}
        />
      </ul>
    </Section>
  )
}

function Scan({ installation, first }: { installation: Installation; first: boolean }) {
  const { t } = useWords()
  const steps = [t('install.step-1'), t('install.step-2'), t('install.step-3')]
  return (
    <Section title={first ? t('install.scan') : t('install.scan-other')}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-4 mt-3.5">
        <div className="qr">
          <img
            src={`data:image/svg+xml,${encodeURIComponent(installation.qrSvg)}`}
            width={184}
            height={184}
            alt={t('install.qr')}
          />
        </div>
        <ol className="small c2 grid gap-2.5 flex-1 min-w-[128px]">
          {steps.map((step, at) => (
            <li key={step} className="flex gap-2">
              <span className="c3 num">{at + 1}</span>
              <span>{step}</span>
            </li>
          ))}
        </ol>
      </div>
    </Section>
  )
}

function Typed({ label, value, copy }: { label: string; value: string; copy: string }) {
  return (
    <li className="row tight !items-center">
      <div className="grow">
        <div className="caption c3">{label}</div>
        <div className="mono">
          <bdi>{value}</bdi>
        </div>
      </div>
      <CopyButton text={value} label={copy} />
    </li>
  )
}

/** Whoever tries it with the phone at hand is told before, not by the phone. */
function WhichPhones() {
  const { t } = useWords()
  const operator = useQuery(operatorQuery)
  const url = operator.data?.demo?.phoneUrl
  if (!url && !operator.data?.testPhonesOnly) return null
  return (
    <div className="mt-5">
      <Notice live={false}>
        {operator.data?.testPhonesOnly && <p>{t('install.test-only')}</p>}
        {url && (
          <>
            <p className="mt-1.5">{t('install.demo')}</p>
            <a className="textbtn" href={url} target="_blank" rel="noreferrer">
              {t('install.demo-open')}
            </a>
          </>
        )}
      </Notice>
    </div>
  )
}
