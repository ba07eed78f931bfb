/** The retention receipt: each kept field with its reason and day, in both languages, signed, refused when it is another's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDocuments } from '../src/closure/document-gateway.ts'
import { closings } from '../src/closure/leftovers-store.ts'
import { makeReceipt, receiptFields, type ReceiptInput } from '../src/closure/receipt.ts'
import en from '../src/closure/words/en.json' with { type: 'json' }
import { verifyCommand } from '../src/main/verify.ts'
import { openSigner, type Signer } from '../src/platform/signing.ts'

const all = Object.values(closings)
const input: ReceiptInput = {
  issuer: { name: 'Violet Mobile', address: '1 Orchard Row, London', url: 'http://localhost:5400' },
  reference: 'VC-7K3M-92QF',
  scope: 'account',
  policy: { country: 'GB', version: 1 },
  issuedAt: '2026-11-26T10:00:00Z',
  closings: all,
  kept: [
    { category: 'contacts', basis: 'complaints', until: '2027-05-26T10:00:00Z' },
    { category: 'usage', basis: 'billing disputes', until: '2027-11-26T10:00:00Z' },
    { category: 'invoices', basis: 'tax law', until: '2032-11-26T10:00:00Z' },
    { category: 'certificate', basis: 'proof', until: '2032-11-26T10:00:00Z' },
  ],
}

let folder: string
let ours: Signer
let theirs: Signer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'violet-receipt-'))
  ours = await openSigner({ dataDir: folder })
  theirs = await openSigner({ dataDir: mkdtempSync(join(folder, 'other-')) })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('lists every field of every kept category once, with its reason and its day, and no other', () => {
  const receipt = makeReceipt(input)
  const fields = receipt.kept.map(({ field }) => field)
  expect(new Set(fields).size).toBe(fields.length)
  expect(receipt.kept).toContainEqual({
    field: 'subscriber.name',
    category: 'contacts',
    basis: 'complaints',
    until: '2027-05-26T10:00:00Z',
  })
  expect(fields).toEqual(
    expect.arrayContaining(['usage_record', 'payment_order.instrument', 'closure_certificate']),
  )
  expect(fields).not.toContain('purse.version')
  expect(receipt.erased.map(({ field }) => field)).toContain('sign_in_user')
  expect([...fields, ...receipt.erased.map(({ field }) => field)].sort()).toEqual(
    receiptFields(all).sort(),
  )
})

test('a line’s receipt keeps only what is the line’s or the case’s own', () => {
  const fields = makeReceipt({ ...input, scope: 'line' }).kept.map(({ field }) => field)
  expect(fields).toEqual(expect.arrayContaining(['usage_record', 'closure_certificate']))
  expect(fields).not.toContain('subscriber.name')
  expect(fields).not.toContain('payment_order.instrument')
})

test('every field has a name', () => {
  const words: Record<string, string> = en
  expect(receiptFields(all).filter((field) => !words[`field.${field}`])).toEqual([])
})

async function verify(name: string, content: Uint8Array | string, by: Signer) {
  writeFileSync(join(folder, name), content)
  const keys = join(folder, 'jwks.json')
  writeFileSync(keys, JSON.stringify(by.jwks()))
  let text = ''
  const code = await verifyCommand(join(folder, name), { keys, json: true }, (more) => {
    text += more
  })
  return { code, ...(JSON.parse(text) as { problems: { check: string }[]; reference: string }) }
}

test.each(['en', 'zh-CN', 'ar'] as const)(
  'printed in %s it carries the signed receipt, and is verified',
  async (locale) => {
    const documents = openDocuments({ publicUrl: 'http://localhost:5400' }, ours)
    const { receipt, jws } = await documents.receipt(input)
    const pdf = await documents.printReceipt({ receipt, jws }, locale)
    const file = `${JSON.stringify({ receipt, jws }, null, 2)}\n`
    for (const [name, content] of [
      ['receipt.pdf', pdf],
      ['receipt.json', file],
      ['receipt.jws', jws],
    ] as const) {
      expect(await verify(name, content, ours)).toMatchObject({
        code: 0,
        reference: 'VC-7K3M-92QF',
      })
      // Another operator's published keys do not know it.
      expect(await verify(name, content, theirs)).toMatchObject({
        code: 1,
        problems: [{ check: 'key' }],
      })
    }
    const shorter = file.replace('2032-11-26', '2027-11-26')
    expect(await verify('changed.json', shorter, ours)).toMatchObject({
      code: 1,
      problems: [{ check: 'copy' }],
    })
  },
  60_000,
)
