/** One changed byte is found, wherever it is; and what cannot be checked is not called invalid. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeAddendum } from '../closure/addendum.ts'
import { makeCertificate } from '../closure/certificate.ts'
import { sampleInput } from '../closure/certificate-sample.ts'
import { renderCertificate } from '../closure/document-gateway.ts'
import { makeReceipt } from '../closure/receipt.ts'
import { openSigner, type Signer } from '../platform/signing.ts'
import { verifyCommand } from './verify.ts'

let folder: string
let signer: Signer
let keys: string
let forms: Record<'json' | 'jws' | 'pdf', Buffer>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'violet-verify-'))
  signer = await openSigner({ dataDir: folder })
  keys = join(folder, 'jwks.json')
  writeFileSync(keys, JSON.stringify(signer.jwks()))
  const certificate = makeCertificate(sampleInput)
  const jws = await signer.sign(certificate)
  forms = {
    json: Buffer.from(download(certificate, jws)),
    jws: Buffer.from(jws),
    pdf: Buffer.from(
      await renderCertificate(certificate, jws, 'en', 'http://localhost:5400/verify', signer),
    ),
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Answer = {
  valid: boolean | null
  error?: string
  checked?: string[]
  problems?: { check: string; field?: string; problem: string }[]
}

const download = (certificate: unknown, jws: string) =>
  `${JSON.stringify({ certificate, jws }, null, 2)}\n`

async function verify(content: Uint8Array | string, keysAt: string | undefined = keys) {
  const file = join(folder, 'certificate')
  writeFileSync(file, content)
  return verifyPath(file, keysAt)
}

async function verifyPath(file: string, keysAt?: string) {
  let text = ''
  const code = await verifyCommand(file, { keys: keysAt, json: true }, (more) => (text += more))
  return { code, ...(JSON.parse(text) as Answer) }
}

describe('what was added to a certificate', () => {
  const file = async (change: (added: { addendum: object; jws: string }) => object) => {
    const certificate = makeCertificate(sampleInput)
    const jws = await signer.sign(certificate)
    const { iccid } = sampleInput.lines[0]!
    const addendum = makeAddendum(
      { certificate, jws },
      { iccid, confirmedAt: '2027-03-01T10:00:00Z' },
    )
    const addenda = [change({ addendum, jws: await signer.sign(addendum) })]
    return verify(`${JSON.stringify({ certificate, jws, addenda }, null, 2)}\n`)
  }

  test('counts with its own signature', async () => {
    const answer = await file((added) => added)
    expect(answer).toMatchObject({ code: 0, valid: true, problems: [] })
    expect(answer.checked).toContain('addendum')
  })

  test.each([
    ['a copy that reads otherwise', (a: object) => ({ ...a, addendum: { ...a, more: 1 } })],
    ['a signature of another thing', (a: object) => ({ ...a, jws: forms.jws.toString() })],
    ['no signature at all', (a: object) => ({ ...a, jws: 'x' })],
  ])('%s makes the file invalid', async (_, change) => {
    expect(await file(change)).toMatchObject({ code: 1, valid: false })
  })
})

describe('what is genuine is valid', () => {
  test.each([
    ['json', 'copy'],
    ['pdf', 'page'],
  ] as const)('as %s, with its %s', async (form, last) => {
    expect(await verify(forms[form])).toMatchObject({
      code: 0,
      valid: true,
      problems: [],
      checked: ['file', 'key', 'signature', 'schema', 'arithmetic', last],
    })
  })

  test('as a bare JWS, with or without an end of line', async () => {
    expect((await verify(forms.jws)).code).toBe(0)
    expect((await verify(`${forms.jws}\n`)).code).toBe(0)
  })

  test('whatever the order in which a database kept the copy', async () => {
    const { certificate, jws } = JSON.parse(String(forms.json)) as {
      certificate: object
      jws: string
    }
    const turned = Object.fromEntries(Object.entries(certificate).reverse())
    expect((await verify(download(turned, jws))).code).toBe(0)
    expect((await verify(JSON.stringify({ jws, certificate }))).code).toBe(0)
  })

  test('a retention receipt as its download', async () => {
    expect((await verify(await receiptFile())).code).toBe(0)
  })

  test('told to a person in sentences', async () => {
    const file = join(folder, 'told')
    writeFileSync(file, forms.json)
    let text = ''
    expect(await verifyCommand(file, { keys }, (more) => (text += more))).toBe(0)
    expect(text).toContain('Valid: VC-7K3M-92QF, a line closed for good at Violet Mobile.')
    expect(text).toContain('1034.60 on it, 1034.60 accounted for, 0.00 left over')
  })
})

test('what steers a terminal never comes out of the file', async () => {
  const header = { alg: 'Ed25519', kid: '\u001b[2J\nValid: VC-7K3M-92QF' }
  const [, payload, signature] = String(forms.jws).split('.')
  const head = Buffer.from(JSON.stringify(header)).toString('base64url')
  const file = join(folder, 'steering')
  writeFileSync(file, [head, payload, signature].join('.'))
  let text = ''
  expect(await verifyCommand(file, { keys }, (more) => (text += more))).toBe(1)
  expect(text).toMatch(/^Not valid: .*\n  key: .*is not among the published keys\n$/)
  expect(text).not.toContain('\u001b')
})

describe('one changed byte', () => {
  const changed = (content: Buffer, at: number, by: number) => {
    const copy = Buffer.from(content)
    copy[at] = (copy[at]! + by) % 256
    return copy
  }

  test.each(['json', 'jws', 'pdf'] as const)('anywhere in the %s is found', async (form) => {
    const content = forms[form]
    const place = fc.tuple(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }))
    const property = fc.asyncProperty(place, async ([at, by]) => {
      const { code, valid, problems } = await verify(changed(content, at, by))
      expect({ code, valid }).toEqual({ code: 1, valid: false })
      expect(problems?.length).toBeGreaterThan(0)
    })
    await fc.assert(property, { numRuns: 400 })
  })

  test('at every place of the signature is found', async () => {
    const start = forms.jws.lastIndexOf('.') + 1
    for (let at = start; at < forms.jws.length; at += 1) {
      const letter = String.fromCharCode(forms.jws[at]!)
      for (const other of ['A', 'B', 'g', 'w', '_'].filter((one) => one !== letter)) {
        const copy = Buffer.from(forms.jws)
        copy.write(other, at)
        expect((await verify(copy)).problems?.[0]?.check).toBe('signature')
      }
    }
  })

  // Its last letter carries four bits that decoders drop.
  test('in the last letter of the signature is found, whichever it becomes', async () => {
    const jws = String(forms.jws)
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (const letter of letters.replace(jws.slice(-1), '')) {
      const { problems } = await verify(jws.slice(0, -1) + letter)
      expect(problems, letter).toMatchObject([{ check: 'signature' }])
    }
  })

  test('in the copy for reading is named with its field', async () => {
    const text = String(forms.json).replace('"amount": "1029.60"', '"amount": "1929.60"')
    const { problems } = await verify(text)
    expect(problems).toEqual([
      {
        check: 'copy',
        field: 'money.0.destinations.0.amount',
        problem: 'reads "1929.60", but "1029.60" was signed',
      },
    ])
  })

  test('between the words of the JSON is found, though it means the same', async () => {
    const text = String(forms.json)
    for (const other of [
      text.replace(' "jws"', '\t"jws"'),
      `${text.slice(0, -1)} `,
      text.replace('Lin', '\\u004cin'),
    ]) {
      expect(JSON.parse(other)).toEqual(JSON.parse(text))
      expect((await verify(other)).problems).toMatchObject([{ check: 'file' }])
    }
  })

  test('in the printed page is told apart from one in the certificate', async () => {
    const at = forms.pdf.indexOf('/MediaBox')
    expect((await verify(changed(forms.pdf, at + 1, 1))).problems).toMatchObject([
      { check: 'page' },
    ])
    expect((await verify(Buffer.concat([forms.pdf, Buffer.from('\n')]))).problems).toMatchObject([
      { check: 'page' },
    ])
  })
})

/** The download of a receipt, as `findReceipt` writes it, and what somebody made of it. */
async function receiptFile(changed: (file: object) => object = (file) => file) {
  const { issuer, reference, scope, policy, settledAt: issuedAt } = makeCertificate(sampleInput)
  const input = { issuer, reference, scope, policy, issuedAt, closings: [], kept: [] }
  const receipt = makeReceipt(input)
  const file = { receipt, jws: await signer.sign(receipt) }
  return `${JSON.stringify(changed(file), null, 2)}\n`
}

test('nothing stands beside what was signed: no second document, no note, no addendum to a receipt', async () => {
  const genuine = JSON.parse(String(forms.json)) as object
  const forgeries = [
    { ...genuine, receipt: { forged: true } },
    { ...genuine, note: 'forged' },
    { note: 'forged', ...genuine },
    { ...genuine, addenda: [{ addendum: {}, jws: String(forms.jws), note: 'forged' }] },
  ].map((file) => `${JSON.stringify(file, null, 2)}\n`)
  forgeries.push(await receiptFile((file) => ({ ...file, addenda: [] })))
  for (const text of forgeries)
    expect(await verify(text), text.slice(-60)).toMatchObject({
      code: 1,
      problems: [{ check: 'file' }],
    })
})

test('a page that was typeset after the key was rotated is sealed by the newer one, which must be published', async () => {
  const newer = await openSigner({ dataDir: join(folder, 'newer') })
  const certificate = makeCertificate(sampleInput)
  const [jws, url] = [String(forms.jws), 'http://localhost:5400/verify']
  const page = await renderCertificate(certificate, jws, 'en', url, newer)
  const both = join(folder, 'both.json')
  writeFileSync(both, JSON.stringify({ keys: [...newer.jwks().keys, ...signer.jwks().keys] }))
  expect(await verify(page, both)).toMatchObject({ code: 0, valid: true, problems: [] })
  expect(await verify(page)).toMatchObject({ code: 1, problems: [{ check: 'page' }] })
})

describe('what is signed but wrong', () => {
  test('money that does not add up is named with its table', async () => {
    const certificate = makeCertificate(sampleInput)
    certificate.money[0]!.sources[0]!.amount = '1023.61'
    const jws = await signer.sign(certificate)
    expect((await verify(jws)).problems).toEqual([
      {
        check: 'arithmetic',
        field: 'money.0.sources',
        problem: 'adds up to 1034.61, not to 1034.60 GBP',
      },
    ])
  })

  test('another kind of document, and a seal in place of a certificate', async () => {
    const other = await signer.sign({ ...makeCertificate(sampleInput), type: 'violet.invoice.v1' })
    expect((await verify(other)).problems).toMatchObject([{ check: 'schema', field: 'type' }])
    expect((await verify(await signer.sign({ type: 'violet.pdf-seal.v1', sha256: '' }))).code).toBe(
      1,
    )
  })

  test('a key nobody published, even under a published name', async () => {
    const forger = await openSigner({ dataDir: join(folder, 'forger') })
    const certificate = makeCertificate(sampleInput)
    const jws = await forger.sign(certificate)
    expect((await verify(jws)).problems).toMatchObject([{ check: 'key' }])
    const [, payload, signature] = jws.split('.')
    const borrowed = `${String(forms.jws).split('.')[0]}.${payload}.${signature}`
    expect((await verify(borrowed)).problems).toMatchObject([{ check: 'signature' }])
  })

  test('a page that carries a certificate but no seal, or the seal of another', async () => {
    const certificate = makeCertificate({ ...sampleInput, subscriberName: 'Somebody Else' })
    const jws = await signer.sign(certificate)
    const url = 'http://localhost:5400/verify'
    const open = await renderCertificate(certificate, jws, 'en', url)
    expect((await verify(open)).problems).toMatchObject([{ check: 'page' }])
    const sealed = Buffer.from(
      await renderCertificate(certificate, jws, 'en', url, signer),
    ).toString('latin1')
    const seal = /violet-seal:[\w.-]+/
    const [borrowed = ''] = seal.exec(forms.pdf.toString('latin1')) ?? []
    const swapped = sealed.replaceAll(new RegExp(seal, 'g'), borrowed)
    expect((await verify(Buffer.from(swapped, 'latin1'))).problems).toMatchObject([
      { check: 'page' },
    ])
  })
})

describe('what cannot be checked', () => {
  test('no file, a folder', async () => {
    expect(await verifyPath(join(folder, 'nothing'), keys)).toMatchObject({ code: 2, valid: null })
    expect(await verifyPath(folder, keys)).toMatchObject({ code: 2, valid: null })
  })

  test('a file that is no certificate is not valid', async () => {
    for (const content of [
      '',
      'hello',
      '{}',
      '[]',
      'null',
      '{"certificate":1,"jws":2}',
      '%PDF-1.7',
      Buffer.from([0xff, 0xfe]),
    ]) {
      expect(await verify(content), String(content)).toMatchObject({
        code: 1,
        problems: [{ check: 'file' }],
      })
    }
  })

  test('keys that are missing, broken, or not named', async () => {
    expect((await verify(forms.jws, join(folder, 'no-keys'))).code).toBe(2)
    writeFileSync(join(folder, 'broken'), '{"keys":1}')
    expect((await verify(forms.jws, join(folder, 'broken'))).error).toContain('holds no keys')
    const issuer = { ...sampleInput.issuer, url: 'https://violet.example' }
    const elsewhere = await signer.sign(makeCertificate({ ...sampleInput, issuer }))
    writeFileSync(join(folder, 'elsewhere'), elsewhere)
    const { code, error } = await verifyPath(join(folder, 'elsewhere'))
    expect({ code, error }).toMatchObject({
      code: 2,
      error: expect.stringContaining('--keys https://violet.example'),
    })
  })

  test('without keys what contradicts itself is still not valid', async () => {
    const text = String(forms.json).replace('"Lin Yue', '"Lin Yua')
    const answer = await verify(text, join(folder, 'no-keys'))
    expect(answer).toMatchObject({
      code: 1,
      problems: [{ check: 'copy', field: 'subscriberName' }],
    })
    const [head, payload = '', signature] = String(forms.jws).split('.')
    const broken = [
      head,
      `${payload.startsWith('e') ? 'f' : 'e'}${payload.slice(1)}`,
      signature,
    ].join('.')
    expect(await verify(broken, join(folder, 'no-keys'))).toMatchObject({
      code: 1,
      problems: [{ check: 'schema' }],
    })
  })

  test('without --keys an address on this machine is asked', async () => {
    const server = createServer((request, reply) => {
      reply.end(
        request.url === '/.well-known/closure-keys.json' ? JSON.stringify(signer.jwks()) : '{}',
      )
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    try {
      const { port } = server.address() as AddressInfo
      const issuer = { ...sampleInput.issuer, url: `http://127.0.0.1:${port}` }
      writeFileSync(
        join(folder, 'local'),
        await signer.sign(makeCertificate({ ...sampleInput, issuer })),
      )
      expect(await verifyPath(join(folder, 'local'))).toMatchObject({ code: 0, valid: true })
    } finally {
      server.close()
    }
  })
})
