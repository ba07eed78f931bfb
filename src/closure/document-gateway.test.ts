/** The printed certificate: our fonts only, the signed document inside, always the same bytes. */
import { inflateSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderPdf } from '../platform/documents.ts'
import { openSigner, type Signer } from '../platform/signing.ts'
import { Fault } from '../values/fault.ts'
import { makeCertificate } from './certificate.ts'
import { sampleInput } from './certificate-sample.ts'
import { openDocuments, renderCertificate } from './document-gateway.ts'
import { readSeal, sealPayload } from './pdf-seal.ts'

const url = 'http://localhost:5400/verify'
const certificate = makeCertificate(sampleInput)
let signer: Signer
let jws: string

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'violet-document-'))
  signer = await openSigner({ dataDir })
  jws = await signer.sign(certificate)
  return () => rmSync(dataDir, { recursive: true, force: true })
})

const textOf = (pdf: Uint8Array) => Buffer.from(pdf).toString('latin1')
const pagesOf = (pdf: Uint8Array) => textOf(pdf).match(/\/Type \/Page\b/g)?.length
const payloadOf = (signed: string): unknown =>
  JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString())

function attachmentOf(pdf: Uint8Array): string {
  const text = textOf(pdf)
  const at = text.indexOf('/EmbeddedFile')
  const start = text.indexOf('stream\n', at) + 'stream\n'.length
  return inflateSync(Buffer.from(pdf).subarray(start, text.indexOf('endstream', at))).toString()
}

describe.each(['en', 'zh-CN', 'zh-TW', 'ja', 'ar'] as const)('in %s', (locale) => {
  test('it is one page of PDF/A-3b that carries the signed document', async () => {
    const pdf = await renderCertificate(certificate, jws, locale, url)
    const text = textOf(pdf)
    expect(text).toMatch(/<pdfaid:part>3<.*<pdfaid:conformance>B</)
    expect(text).toContain('/AFRelationship /Source')
    expect(attachmentOf(pdf)).toBe(jws)
    expect(pagesOf(pdf)).toBe(1)
  })

  test('a name in letters of another language is printed', async () => {
    const named = makeCertificate({ ...sampleInput, subscriberName: 'ريم かな 林悦 Ünal' })
    const pdf = await renderCertificate(named, await signer.sign(named), locale, url)
    expect(textOf(pdf)).toContain('NotoSansArabic-Regular')
    expect(pagesOf(pdf)).toBe(1)
  })

  test('only our fonts are in it', async () => {
    const text = textOf(await renderCertificate(certificate, jws, locale, url))
    const names = [...text.matchAll(/\/BaseFont \/[A-Z]{6}\+([\w-]+)/g)].map(([, name]) => name)
    const ours =
      /^((Inter|NotoSansSC|NotoSansArabic)-(Regular|SemiBold)|JetBrainsMono-Regular)(-Identity-H)?$/
    expect(names.length).toBeGreaterThanOrEqual(4)
    for (const name of names) expect(name).toMatch(ours)
  })

  test('the same certificate gives the same bytes', async () => {
    const [first, second] = [
      await renderCertificate(certificate, jws, locale, url, signer),
      await renderCertificate(certificate, jws, locale, url, signer),
    ]
    expect(Buffer.compare(first, second)).toBe(0)
  })
})

test('what the steps ask for is signed, printed in their language and sealed', async () => {
  const documents = openDocuments({ publicUrl: 'http://localhost:5400' }, signer)
  const signed = await documents.certify(sampleInput)
  const made = { ...signed, pdf: await documents.print(signed, 'zh-CN') }
  expect(made.certificate).toEqual(certificate)
  expect(payloadOf(made.jws)).toEqual(certificate)
  expect(attachmentOf(made.pdf)).toBe(made.jws)
  const seal = readSeal(made.pdf)
  expect(payloadOf(seal?.seal ?? '')).toEqual(sealPayload(seal?.sha256 ?? ''))
  expect(textOf(made.pdf)).toContain('zh-CN')
})

test('names in any script, and names that look like markup, stop nothing', async () => {
  for (const subscriberName of [
    'محمد',
    'Lin 🎉',
    'สมชาย',
    '*_#x$@<a>[b]"\\',
    'a\u0000b',
    '\ud800',
  ]) {
    const odd = makeCertificate({ ...sampleInput, subscriberName })
    const pdf = await renderCertificate(odd, await signer.sign(odd), 'en', url)
    expect(pagesOf(pdf), subscriberName).toBe(1)
  }
})

test('an account of many lines and currencies goes on over pages', async () => {
  const [line] = sampleInput.lines
  const [table] = sampleInput.money
  const many = makeCertificate({
    ...sampleInput,
    scope: 'account',
    lines: Array.from({ length: 12 }, (_, index) => ({ ...line!, name: `Line ${index}` })),
    money: ['GBP', 'EUR', 'CHF'].map((currency) => ({ ...table!, currency })),
  })
  const pdf = await renderCertificate(many, await signer.sign(many), 'en', url, signer)
  expect(pagesOf(pdf)).toBeGreaterThan(1)
})

test('a template that fails is a fault with nothing done, and the next one succeeds', async () => {
  const job = { page: {}, inputs: {}, at: Temporal.Instant.from('2026-01-01T00:00:00Z') }
  const fault = await renderPdf({ ...job, template: '#nonsense()' }).catch(
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(Fault)
  expect(fault).toMatchObject({ partner: 'documents', outcome: 'not-done' })
  expect((await renderPdf({ ...job, template: 'fine' })).length).toBeGreaterThan(100)
})
