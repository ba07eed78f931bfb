/** A certificate identifies no more than it must, and its money adds up or it isn't made. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal, money } from '../values/money.ts'
import { belongsTo, isOpenIn, makeAddendum, publishedAddendumSchema } from './addendum.ts'
import {
  arithmeticProblems,
  certificateSchema,
  makeCertificate,
  maskIccid,
  maskNumber,
  publishedSchema,
} from './certificate.ts'
import { sampleInput } from './certificate-sample.ts'

const [line] = sampleInput.lines
const [table] = sampleInput.money
if (!line || !table) throw new Error('the sample has a line and its money')

describe('what it tells of a person', () => {
  test('numbers and cards only by their ends, and nothing internal', () => {
    const text = JSON.stringify(makeCertificate(sampleInput))
    expect(text).toContain('"numberMasked":"+44 •••• ••0461","iccidMasked":"•••• 0826"')
    for (const secret of ['7700900461', '8944990000044710826', 'order_0198'])
      expect(text).not.toContain(secret)
  })

  test('a line called by its number is called by the masked one', () => {
    const lines = [{ ...line, name: '+447700900461' }]
    const [made] = makeCertificate({ ...sampleInput, lines }).lines
    expect(made?.name).toBe('+44 •••• ••0461')
  })

  test('a line without a number, a subscriber without a name', () => {
    const lines = [{ ...line, msisdn: null, numberKeptUnusedUntil: null }]
    const made = makeCertificate({ ...sampleInput, subscriberName: '', lines })
    expect(made.lines[0]).toMatchObject({
      name: 'Everyday 日常',
      numberMasked: null,
      numberKeptUnusedUntil: null,
    })
    expect(made).not.toHaveProperty('subscriberName')
  })

  test.each([
    ['+447700900461', '+44 •••• ••0461'],
    ['+8613800138000', '+86 •••• ••8000'],
    ['+12025550123', '+1 •••• ••0123'],
    ['0461', '•••• ••0461'],
  ])('%s is shown as %s', (number, masked) => expect(maskNumber(number)).toBe(masked))

  test('an ICCID keeps four digits', () =>
    expect(maskIccid('8944990000044710826')).toBe('•••• 0826'))
})

describe('its money', () => {
  test('any split of any amount is certified, in every number of decimals', () => {
    const parts = fc.array(fc.bigInt(1n, 10n ** 9n), { minLength: 1, maxLength: 5 })
    const property = fc.property(
      parts,
      fc.constantFrom('GBP', 'JPY', 'KWD'),
      (amounts, currency) => {
        const written = (minor: bigint) => decimal(money(minor, currency))
        const whole = written(amounts.reduce((a, b) => a + b, 0n))
        const destinations = amounts.map((minor) => ({
          kind: 'refund' as const,
          amount: written(minor),
          at: sampleInput.settledAt,
        }))
        const sources = [{ kind: 'paid-credit' as const, amount: whole }]
        const made = makeCertificate({
          ...sampleInput,
          money: [{ currency, sources, destinations }],
        })
        expect(made.money[0]).toMatchObject({ total: whole, leftOver: written(0n) })
        expect(arithmeticProblems(made)).toEqual([])
      },
    )
    fc.assert(property)
  })

  test('a missing cent is refused by the maker and named by the check', () => {
    const [refund, ...others] = table.destinations
    const short = { ...table, destinations: [{ ...refund!, amount: '1029.59' }, ...others] }
    expect(() => makeCertificate({ ...sampleInput, money: [short] })).toThrow(
      /money\.0\.destinations: adds up to 1034\.59/,
    )
    const made = makeCertificate(sampleInput)
    made.money[0]!.destinations[0]!.amount = '1029.59'
    expect(arithmeticProblems(made)).toEqual([
      { field: 'money.0.destinations', problem: 'adds up to 1034.59, not to 1034.60 GBP' },
    ])
  })

  test('a stated total, a rest, or too many decimals are named', () => {
    const made = makeCertificate(sampleInput)
    const problems = (change: object) =>
      arithmeticProblems({ ...made, money: [{ ...made.money[0]!, ...change }] })
    expect(problems({ total: '1034.61' }).map(({ field }) => field)).toEqual([
      'money.0.sources',
      'money.0.destinations',
    ])
    expect(problems({ leftOver: '0.000' })).toEqual([
      { field: 'money.0.leftOver', problem: '0.000 instead of 0.00' },
    ])
    expect(problems({ total: '1034.600' })[0]?.problem).toContain('is not an amount of GBP')
    expect(problems({ sources: [{ kind: 'paid-credit', amount: '1.5' }] })[0]?.field).toBe(
      'money.0.sources',
    )
  })

  test('a kind on the wrong side of the table is refused', () => {
    const sources = [{ kind: 'refund' as const, amount: '1034.60' }]
    expect(() => makeCertificate({ ...sampleInput, money: [{ ...table, sources }] })).toThrow(
      /not a certificate/,
    )
  })

  test('negative amounts do not exist', () => {
    const sources = [...table.sources, { kind: 'paid-credit' as const, amount: '-1.00' }]
    expect(() => makeCertificate({ ...sampleInput, money: [{ ...table, sources }] })).toThrow()
  })
})

describe('its text', () => {
  test('is the same whatever the order of the facts', () => {
    const shuffled = Object.fromEntries(Object.entries(sampleInput).reverse()) as typeof sampleInput
    expect(JSON.stringify(makeCertificate(shuffled))).toBe(
      JSON.stringify(makeCertificate(sampleInput)),
    )
  })

  test('survives its own schema with nothing added or lost', () => {
    const made = makeCertificate(sampleInput)
    expect(JSON.stringify(certificateSchema.parse(JSON.parse(JSON.stringify(made))))).toBe(
      JSON.stringify(made),
    )
    expect(certificateSchema.safeParse({ ...made, note: 'more' }).success).toBe(false)
  })

  test('docs/schemas publishes the schema that is checked with', () => {
    const path = new URL('../../docs/schemas/closure-certificate.v1.json', import.meta.url)
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(publishedSchema(), null, 2)}\n`)
  })
})

describe('an addendum', () => {
  const certificate = makeCertificate(sampleInput)
  const signed = { certificate, jws: 'a.b.c' }
  const { iccid } = sampleInput.lines[0]!
  const confirmedAt = '2027-03-01T10:00:00Z'

  test('names the certificate it adds to, and no more of the profile than that does', () => {
    const made = makeAddendum(signed, { iccid, confirmedAt })
    expect(JSON.stringify(made)).not.toContain(iccid)
    expect(belongsTo(made, signed)).toBe(true)
    expect(belongsTo(made, { certificate, jws: 'a.b.d' })).toBe(false)
    expect(belongsTo({ ...made, iccidMasked: '•••• 9999' }, signed)).toBe(false)
  })

  test('is made only where the certificate left the removal open', () => {
    const as = (profileRemoval: 'confirmed' | 'unconfirmed' | 'never-downloaded') =>
      makeCertificate({
        ...sampleInput,
        lines: sampleInput.lines.map((line) => ({ ...line, profileRemoval })),
      })
    expect(isOpenIn(as('unconfirmed'), iccid)).toBe(true)
    expect(isOpenIn(as('confirmed'), iccid)).toBe(false)
    expect(isOpenIn(as('never-downloaded'), iccid)).toBe(false)
    expect(isOpenIn(as('unconfirmed'), `${iccid.slice(0, -4)}9999`)).toBe(false)
  })

  test('docs/schemas publishes its schema', () => {
    const path = new URL('../../docs/schemas/closure-addendum.v1.json', import.meta.url)
    const text = `${JSON.stringify(publishedAddendumSchema(), null, 2)}\n`
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})
