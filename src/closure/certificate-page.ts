/** The sentences and figures of a printed certificate, in one language. */
import { createHash } from 'node:crypto'
import { directionOf, type Locale } from '../values/locale.ts'
import { filled, formatAmount, formatMoment, writingOf } from '../values/writing.ts'
import type { CertificateTable, ClosureCertificate } from './certificate.ts'
import type { RetentionReceipt } from './receipt.ts'
import { catalogs, type Words as Catalog } from './words/catalogs.ts'

type WordKey = keyof Catalog
type Facts = Readonly<Record<string, string>>

/** `mono` is set in the typeface of codes. */
type Fact = { label: string; value: string; mono: boolean }
type Row = { what: string; why: string; figure: string }

export type CertificatePage = {
  locale: Locale
  direction: 'ltr' | 'rtl'
  issuer: { name: string; address: string; policy: string }
  title: string
  lead: string
  facts: Fact[]
  scan: string
  statements: { head: string; sources: Row[]; total: Row; destinations: Row[]; leftOver: Row }[]
  noMoney: string
  kept: { head: string; rows: Row[] }
  proof: Fact[]
  signed: string
  attached: string
  /** With `{page}` and `{pages}` still in it. */
  pageOf: string
}

type Words = {
  t(key: WordKey, facts?: Facts): string
  /** A name made from data; what the catalog lacks is shown as it came. */
  named(group: string, name: string): string
}

function wordsOf(locale: Locale): Words {
  const words: Readonly<Record<string, string>> = catalogs[locale]
  const say = (key: string, facts: Facts = {}) => {
    const sentence = words[key]
    return sentence === undefined ? undefined : filled(sentence, facts, locale)
  }
  return {
    t: (key, facts) => say(key, facts) ?? key,
    named: (group, name) => say(`${group}.${name}`) ?? name,
  }
}

export function certificatePage(
  certificate: ClosureCertificate,
  jws: string,
  locale: Locale,
): CertificatePage {
  const words = wordsOf(locale)
  const { t } = words
  const { issuer, policy, scope } = certificate
  return {
    locale,
    direction: directionOf(locale),
    issuer: {
      name: issuer.name,
      address: issuer.address,
      policy: t('policy', { country: policy.country, version: String(policy.version) }),
    },
    title: t('title'),
    lead: leadOf(certificate, locale, words),
    facts: factsOf(certificate, locale, words),
    scan: t('scan'),
    statements: certificate.money.map((table) => statementOf(table, scope, locale, words)),
    noMoney: certificate.money.length === 0 ? t('statement.none') : '',
    kept: { head: t('kept'), rows: keptRows(certificate, locale, words) },
    proof: proofOf(certificate, jws, words),
    signed: t('signed'),
    attached: t('attached'),
    pageOf: t('page', { page: '{page}', pages: '{pages}' }),
  }
}

/** What ended, and what is still owed, by whom; one from before debts were named says nothing of them. */
function leadOf({ scope, money, owed }: ClosureCertificate, locale: Locale, { t }: Words): string {
  const listed = (all: readonly { amount: string; currency: string }[]) =>
    all
      .map(({ amount, currency }) => `${amountText(amount, currency, locale)} ${currency}`)
      .join(writingOf(locale).list)
  const kept = money.flatMap(({ currency, destinations }) =>
    destinations.flatMap(({ kind, amount }) => (kind === 'unclaimed' ? { amount, currency } : [])),
  )
  const sentences = [
    t(scope === 'line' ? 'lead.line' : 'lead.account'),
    ...(owed?.length === 0 ? [t('debt.none')] : []),
    ...(owed && owed.length > 0 ? [t('debt.some', { amounts: listed(owed) })] : []),
    ...(kept.length > 0 ? [t('debt.kept', { amounts: listed(kept) })] : []),
  ]
  return sentences.join(writingOf(locale).sentence)
}

/** The receipt in the same form: no money, and every field with its reason and its day. */
export function receiptPage(
  receipt: RetentionReceipt,
  jws: string,
  locale: Locale,
): CertificatePage {
  const words = wordsOf(locale)
  const { t, named } = words
  const { issuer, policy, scope } = receipt
  return {
    locale,
    direction: directionOf(locale),
    issuer: {
      name: issuer.name,
      address: issuer.address,
      policy: t('policy', { country: policy.country, version: String(policy.version) }),
    },
    title: t('receipt.title'),
    lead: t('receipt.lead'),
    facts: [
      { label: t('reference'), value: receipt.reference, mono: true },
      { label: t('receipt.scope'), value: t(`receipt.scope.${scope}`), mono: false },
      { label: t('receipt.issued'), value: momentText(receipt.issuedAt, locale), mono: false },
    ],
    scan: t('scan'),
    statements: [],
    noMoney: '',
    kept: {
      head: t('receipt.kept'),
      rows: [
        ...receipt.kept.map(({ field, basis, until }) => ({
          what: named('field', field),
          why: named('basis', basis),
          figure: t('kept.until', { until: dayText(until, locale) }),
        })),
        ...receipt.erased.map(({ field, at }) => ({
          what: named('field', field),
          why: named('basis', 'no reason to keep'),
          figure: t('kept.erased', { at: dayText(at, locale) }),
        })),
      ],
    },
    proof: proofOf(receipt, jws, words),
    signed: t('signed'),
    attached: t('receipt.attached'),
    pageOf: t('page', { page: '{page}', pages: '{pages}' }),
  }
}

function factsOf(certificate: ClosureCertificate, locale: Locale, { t }: Words): Fact[] {
  const fact = (label: WordKey, value: string, mono = false): Fact => ({
    label: t(label),
    value,
    mono,
  })
  const moment = (label: WordKey, at: string) => fact(label, momentText(at, locale))
  const { subscriberName } = certificate
  return [
    fact('reference', certificate.reference, true),
    ...(subscriberName ? [fact('subscriber', subscriberName)] : []),
    moment('submitted', certificate.submittedAt),
    moment('ended', certificate.serviceEndedAt),
    moment('settled', certificate.settledAt),
    ...certificate.lines.flatMap((line) => {
      const { name, numberMasked: number, numberKeptUnusedUntil: until, numberPortedAt } = line
      const named = number !== null && number !== name ? t('line.named', { number, name }) : name
      return [
        fact('line', named),
        fact('profile', t(`profile.${line.profileRemoval}`, { iccid: line.iccidMasked })),
        ...(numberPortedAt
          ? [fact('number', t('number.ported', { at: momentText(numberPortedAt, locale) }))]
          : []),
        ...(until ? [fact('number', t('number.until', { until: dayText(until, locale) }))] : []),
      ]
    }),
  ]
}

function statementOf(
  table: CertificateTable,
  scope: 'line' | 'account',
  locale: Locale,
  words: Words,
) {
  const { t } = words
  const { currency } = table
  const figure = (amount: string) => amountText(amount, currency, locale)
  const total = figure(table.total)
  return {
    head: t('statement', { currency }),
    sources: table.sources.map(({ kind, detail = {}, amount }) => ({
      what: sourceName(kind, detail, locale, words),
      why: daysOf(detail, currency, locale, words) || rateOf(detail, currency, locale, words),
      figure: figure(amount),
    })),
    total: { what: t(scope === 'line' ? 'total.line' : 'total.account'), why: '', figure: total },
    destinations: table.destinations.map(({ kind, detail = {}, amount, at }) => ({
      what: destinationName(kind, detail, locale, words),
      why:
        rateOf(detail, currency, locale, words) ||
        [...whatOf(detail, words), dayText(at, locale)].join(writingOf(locale).remark),
      figure: figure(amount),
    })),
    leftOver: {
      what: t('left-over'),
      why: `${total} \u2212 ${total}`,
      figure: figure(table.leftOver),
    },
  }
}

function daysOf(detail: Facts, currency: string, locale: Locale, { t }: Words): string {
  const { daysLeft: left, daysTotal: total, price } = detail
  if (left === undefined || total === undefined) return ''
  if (price === undefined) return t('days', { left, total })
  return t('days-price', { left, total, price: amountText(price, currency, locale) })
}

/** At what rate money was changed, whose rate it was, of which day. */
function rateOf(detail: Facts, currency: string, locale: Locale, { t }: Words): string {
  const { from = currency, into = currency, rate, source = '', asOf } = detail
  if (rate === undefined || asOf === undefined) return ''
  return t('rate', { from, into, rate, source, day: dayText(asOf, locale) })
}

function inCurrency(amount = '', currency = '', locale: Locale): string {
  return `${amountText(amount, currency, locale)} ${currency}`
}

function sourceName(
  kind: CertificateTable['sources'][number]['kind'],
  { from, was }: Facts,
  locale: Locale,
  { t }: Words,
): string {
  if (kind !== 'exchanged-from') return t(`kind.${kind}`)
  return t('kind.exchanged-from', { amount: inCurrency(was, from, locale) })
}

function whatOf({ what, source }: Facts, { t }: Words): string[] {
  if (source) return [source]
  return what === 'paid' || what === 'promotional' ? [t(`what.${what}`)] : []
}

function destinationName(
  kind: CertificateTable['destinations'][number]['kind'],
  detail: Facts,
  locale: Locale,
  { t }: Words,
): string {
  const { account, instrument, toLineName: name, into, becomes } = detail
  if (kind === 'exchanged-into' && into && becomes)
    return t('kind.exchanged-into', { amount: inCurrency(becomes, into, locale) })
  if ((kind === 'moved' || kind === 'share-returned') && name) return t(`kind.${kind}-to`, { name })
  if (kind === 'payout' && account) return t('kind.payout-to', { account })
  if (kind !== 'refund' || !instrument) return t(`kind.${kind}`)
  return t('kind.refund-to', { instrument: instrumentName(instrument, t) })
}

/** `visa 4471` → `Visa ending 4471`. */
function instrumentName(instrument: string, t: Words['t']): string {
  const [, brand, last4] = /^(\S.*?) (\d{4})$/.exec(instrument) ?? []
  if (!brand || !last4) return instrument
  return t('instrument', { brand: brand.charAt(0).toUpperCase() + brand.slice(1), last4 })
}

function keptRows(
  { kept, erased }: ClosureCertificate,
  locale: Locale,
  { t, named }: Words,
): Row[] {
  return [
    ...kept.map(({ category, basis, until }) => ({
      what: named('category', category),
      why: named('basis', basis),
      figure: t('kept.until', { until: dayText(until, locale) }),
    })),
    ...erased.map(({ category, at }) => ({
      what: named('category', category),
      why: named('basis', 'no reason to keep'),
      figure: t('kept.erased', { at: dayText(at, locale) }),
    })),
  ]
}

function proofOf(
  { issuer }: Pick<ClosureCertificate, 'issuer'>,
  jws: string,
  { t }: Words,
): Fact[] {
  const [head = '', , signature = ''] = jws.split('.')
  const { kid = '' } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid?: string }
  const fact = (label: string, value: string): Fact => ({ label, value, mono: true })
  return [
    // Of the attached file, so that anybody can compare it with one command.
    fact('sha-256', createHash('sha256').update(jws).digest('hex')),
    fact('ed25519', `${signature.slice(0, 32)}…${signature.slice(-8)}`),
    fact(t('key'), kid),
    fact('', `${issuer.url}/.well-known/closure-keys.json`),
  ]
}

// A certificate names no place, so its moments are in UTC and say so.
function momentOf(at: string, locale: Locale, precision: 'minute' | 'day'): string {
  const style = { zone: 'UTC', year: true, precision }
  return formatMoment(Temporal.Instant.from(at).epochMilliseconds, style, locale)
}

const dayText = (at: string, locale: Locale) => momentOf(at, locale, 'day')
const momentText = (at: string, locale: Locale) => `${momentOf(at, locale, 'minute')} UTC`

function amountText(amount: string, currency: string, locale: Locale): string {
  const isPlain = /^\d+(\.\d+)?$/.test(amount)
  return isPlain ? formatAmount(amount, locale) : `${amount} ${currency}`
}
