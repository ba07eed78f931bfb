/** Signs and renders what a closed case leaves behind; the port behind which keys and typesetting live. */
import type { ClosureAddendum } from '../addendum.ts'
import type { CertificateInput, ClosureCertificate } from '../certificate.ts'

export type MadeCertificate = { certificate: ClosureCertificate; jws: string; pdf: Uint8Array }
export type Documents = {
  certify(input: CertificateInput, locale: 'en' | 'zh-CN'): Promise<MadeCertificate>
  /** Signs what became known after the certificate was. */
  amend(
    signed: { readonly certificate: ClosureCertificate; readonly jws: string },
    removal: { iccid: string; confirmedAt: string },
  ): Promise<{ addendum: ClosureAddendum; jws: string }>
}
