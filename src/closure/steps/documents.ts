/** Signs and renders what a closed case leaves behind; the port behind which keys and typesetting live. */
import type { Locale } from '../../values/locale.ts'
import type { ClosureAddendum } from '../addendum.ts'
import type { CertificateInput, ClosureCertificate } from '../certificate.ts'
import type { ReceiptInput, RetentionReceipt } from '../receipt.ts'

export type SignedCertificate = { readonly certificate: ClosureCertificate; readonly jws: string }
export type SignedReceipt = { readonly receipt: RetentionReceipt; readonly jws: string }
export type Documents = {
  certify(input: CertificateInput): Promise<SignedCertificate>
  /** The certificate as PDF, with its signature in it; the same one gives the same bytes. */
  print(signed: SignedCertificate, locale: Locale): Promise<Uint8Array>
  /** What is kept, field by field. */
  receipt(input: ReceiptInput): Promise<SignedReceipt>
  printReceipt(signed: SignedReceipt, locale: Locale): Promise<Uint8Array>
  /** Signs what became known after the certificate was. */
  amend(
    signed: SignedCertificate,
    removal: { iccid: string; confirmedAt: string },
  ): Promise<{ addendum: ClosureAddendum; jws: string }>
}
