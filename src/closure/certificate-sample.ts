/** One case's facts as they come from the database; what tests certify. */
import type { CertificateInput } from './certificate.ts'

const settledAt = '2026-12-15T09:00:00Z'

export const sampleInput: CertificateInput = {
  issuer: {
    name: 'Violet Mobile',
    address: 'Violet Mobile Ltd, 1 Example Street, London',
    url: 'http://localhost:5400',
  },
  reference: 'VC-7K3M-92QF',
  scope: 'line',
  subscriberName: 'Lin Yue 林悦',
  policy: { country: 'GB', version: 1 },
  submittedAt: '2026-11-23T10:42:00Z',
  serviceEndedAt: '2026-11-30T23:59:00Z',
  settledAt,
  lines: [
    {
      name: 'Everyday 日常',
      msisdn: '+447700900461',
      iccid: '8944990000044710826',
      profileRemoval: 'confirmed',
      numberKeptUnusedUntil: '2027-02-28T00:00:00Z',
    },
  ],
  money: [
    {
      currency: 'GBP',
      sources: [
        { kind: 'paid-credit', detail: {}, amount: '1023.60' },
        { kind: 'plan-days', detail: { daysLeft: '10', daysTotal: '30' }, amount: '6.00' },
        { kind: 'promotional-credit', detail: {}, amount: '5.00' },
      ],
      destinations: [
        {
          kind: 'refund',
          detail: { orderId: 'order_0198', instrument: 'visa 4471' },
          amount: '1029.60',
          at: settledAt,
        },
        {
          kind: 'moved',
          detail: { what: 'promotional', toLineName: 'Japan trip 日本' },
          amount: '5.00',
          at: settledAt,
        },
      ],
    },
  ],
  owed: [],
  kept: [
    { category: 'invoices', basis: 'VAT Act 1994', until: '2032-12-15T09:00:00Z' },
    { category: 'usage', basis: 'billing disputes', until: '2027-12-15T09:00:00Z' },
    {
      category: 'certificate',
      basis: 'proof of closing, limitation',
      until: '2032-12-15T09:00:00Z',
    },
  ],
  erased: [{ category: 'codes', at: settledAt }],
}
