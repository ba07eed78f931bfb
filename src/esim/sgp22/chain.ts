/** Chains of SGP.22 §4.5.2: eUICC ← EUM ← CI, and an SM-DP+'s certificates ← CI. */
import {
  type Attribute,
  attribute,
  attributeOid,
  type Certificate,
  type Role,
  roleOid,
} from './certificate.ts'
import { keyUsageBits, verifyDer } from './curves.ts'
import { isEid } from './eid.ts'

export type ChainFault = 'invalid' | 'expired'
export type EuiccChainFault = { readonly of: 'eum' | 'euicc'; readonly fault: ChainFault }

/**
 * Whether the eUICC's certificate hangs on this CI, and may speak for its EID.
 * `nowMs` is Unix time; undefined where there is no clock, as on a card.
 */
export function euiccChainFault(
  euicc: Certificate,
  eum: Certificate,
  ci: Certificate,
  nowMs: number | undefined,
): EuiccChainFault | undefined {
  const eumFault = issuedFault(eum, ci, 'eum', nowMs)
  if (eumFault) return { of: 'eum', fault: eumFault }
  if (!maySign(eum)) return { of: 'eum', fault: 'invalid' }
  const euiccFault = issuedFault(euicc, eum, 'euicc', nowMs)
  if (euiccFault) return { of: 'euicc', fault: euiccFault }
  const eid = eidOfCertificate(euicc)
  const named = eid !== undefined && isPermitted(euicc, eum)
  return named && mayAuthenticate(euicc) ? undefined : { of: 'euicc', fault: 'invalid' }
}

/** The certificates an SM-DP+ shows: DPauth and DPpb, each directly under the CI. */
export function serverCertificateFault(
  certificate: Certificate,
  ci: Certificate,
  role: Role,
  nowMs: number | undefined,
): ChainFault | undefined {
  const fault = issuedFault(certificate, ci, role, nowMs)
  if (fault) return fault
  return mayAuthenticate(certificate) && certificate.registeredId !== undefined
    ? undefined
    : 'invalid'
}

/** A root one trusts is at least one: self-signed, a CA, in the role of a CI. */
export function isCi(certificate: Certificate): boolean {
  return (
    maySign(certificate) &&
    certificate.policies.includes(roleOid.ci) &&
    isSameName(certificate.issuer, certificate.subject) &&
    verifyDer(certificate.publicKey, certificate.signature, certificate.tbs)
  )
}

/** The EID of an eUICC: the serial number in its subject (SGP.22 §4.5.2.1.0.3). */
export function eidOfCertificate(euicc: Certificate): string | undefined {
  const eid = attribute(euicc, 'serialNumber')
  return eid !== undefined && isEid(eid) ? eid : undefined
}

function issuedFault(
  certificate: Certificate,
  issuer: Certificate,
  role: Role,
  nowMs: number | undefined,
): ChainFault | undefined {
  const named =
    isSameName(certificate.issuer, issuer.subject) &&
    certificate.authorityKeyIdentifier?.equals(issuer.subjectKeyIdentifier) === true &&
    certificate.policies.includes(roleOid[role]) &&
    certificate.publicKey.curve === issuer.publicKey.curve
  if (!named || !isSignedBy(certificate, issuer)) return 'invalid'
  if (nowMs === undefined) return undefined
  const { notBeforeMs, notAfterMs } = certificate
  return nowMs < notBeforeMs || nowMs > notAfterMs ? 'expired' : undefined
}

/** Certificates are remembered (see certificate.ts), so each signature under an issuer is checked once. */
const signedBy = new WeakMap<Certificate, WeakMap<Certificate, boolean>>()

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const byIssuer = signedBy.get(certificate) ?? new WeakMap<Certificate, boolean>()
  const known = byIssuer.get(issuer)
  if (known !== undefined) return known
  const signed = verifyDer(issuer.publicKey, certificate.signature, certificate.tbs)
  signedBy.set(certificate, byIssuer.set(issuer, signed))
  return signed
}

const maySign = ({ isCa, keyUsage }: Certificate) =>
  isCa && keyUsage.includes(keyUsageBits.keyCertSign)
const mayAuthenticate = ({ isCa, keyUsage }: Certificate) =>
  !isCa && keyUsage.includes(keyUsageBits.digitalSignature)

/** §4.5.2.1.0.2: the organization is the EUM's, and the EID begins with one of its issuer numbers. */
function isPermitted(euicc: Certificate, eum: Certificate): boolean {
  return (eum.permitted ?? []).some(
    (subtree) =>
      subtree.some(({ oid }) => oid === attributeOid.serialNumber) &&
      subtree.every((base) => euicc.subject.some((own) => isWithin(own, base))),
  )
}

function isWithin(own: Attribute, base: Attribute): boolean {
  if (own.oid !== base.oid) return false
  // A subtree of serial numbers is a prefix, at least the eight digits of an issuer.
  if (base.oid === attributeOid.serialNumber)
    return base.value.length >= 8 && own.value.startsWith(base.value)
  return own.value.toLowerCase() === base.value.toLowerCase()
}

function isSameName(one: readonly Attribute[], other: readonly Attribute[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ oid, value }, index) => {
      const that = other[index]
      return oid === that?.oid && value.toLowerCase() === that.value.toLowerCase()
    })
  )
}
