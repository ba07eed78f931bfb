/** Makes a closed case's documents: the signed certificate, and its printed form that carries it. */
import { readFileSync } from 'node:fs'
import QRCode from 'qrcode'
import type { Config } from '../platform/config.ts'
import { renderPdf } from '../platform/documents.ts'
import type { Signer } from '../platform/signing.ts'
import type { Locale } from '../values/locale.ts'
import { makeAddendum } from './addendum.ts'
import { type ClosureCertificate, makeCertificate } from './certificate.ts'
import { type CertificatePage, certificatePage, receiptPage } from './certificate-page.ts'
import { makeReceipt } from './receipt.ts'
import { putSeal, readSeal, sealPayload, sealPlace } from './pdf-seal.ts'
import type { Documents } from './steps/documents.ts'

/** What the closure's steps need of keys and typesetting. */
export function openDocuments({ publicUrl }: Pick<Config, 'publicUrl'>, signer: Signer): Documents {
  return {
    async certify(input) {
      const certificate = makeCertificate(input)
      return { certificate, jws: await signer.sign(certificate) }
    },
    print: ({ certificate, jws }, locale) =>
      renderCertificate(certificate, jws, locale, `${publicUrl}/verify`, signer),
    async receipt(input) {
      const receipt = makeReceipt(input)
      return { receipt, jws: await signer.sign(receipt) }
    },
    printReceipt({ receipt, jws }, locale) {
      const page = receiptPage(receipt, jws, locale)
      const { reference, issuedAt: at } = receipt
      const about = { reference, attachment: 'receipt.jws', at }
      return renderSigned({ ...about, page, jws }, `${publicUrl}/verify`, signer)
    },
    async amend(signed, removal) {
      const addendum = makeAddendum(signed, removal)
      return { addendum, jws: await signer.sign(addendum) }
    },
  }
}

/**
 * PDF/A-3b with the JWS attached as `certificate.jws`; the same arguments give the same bytes.
 * With a signer the whole file is sealed too, which `violet verify` demands of a PDF.
 */
export async function renderCertificate(
  certificate: ClosureCertificate,
  jws: string,
  locale: Locale,
  verifyUrl: string,
  signer?: Pick<Signer, 'sign'>,
): Promise<Uint8Array> {
  const { reference, settledAt: at } = certificate
  const page = certificatePage(certificate, jws, locale)
  return renderSigned(
    { reference, attachment: 'certificate.jws', at, page, jws },
    verifyUrl,
    signer,
  )
}

type Signed = {
  reference: string
  attachment: string
  at: string
  page: CertificatePage
  jws: string
}

async function renderSigned(
  { reference, attachment, at, page, jws }: Signed,
  verifyUrl: string,
  signer?: Pick<Signer, 'sign'>,
): Promise<Uint8Array> {
  // Every seal of a key has one length: only the digest in it differs.
  const place = signer ? sealPlace((await signer.sign(sealPayload('0'.repeat(64)))).length) : ''
  const qr = await QRCode.toString(verifyUrl, {
    type: 'svg',
    margin: 0,
    color: { dark: '#17151dff' },
  })
  const pdf = await renderPdf({
    template: readFileSync(new URL('certificate.typ', import.meta.url), 'utf8'),
    page,
    inputs: {
      reference,
      attachment,
      verify: verifyUrl,
      keywords: place,
      qr,
      jws,
    },
    at: Temporal.Instant.from(at),
  })
  const digest = signer && readSeal(pdf)
  return digest ? putSeal(pdf, await signer.sign(sealPayload(digest.sha256))) : pdf
}
