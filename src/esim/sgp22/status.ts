/** The answers a function of ES9+ or ES2+ may give: subject and reason codes of SGP.22 §5.2.6. */

export type StatusCode = {
  readonly subjectCode: string
  readonly reasonCode: string
  readonly message: string
}

const code = (subjectCode: string, reasonCode: string, message: string): StatusCode => ({
  subjectCode,
  reasonCode,
  message,
})

export const statusCode = {
  // Any function: the message itself (subject 1.3.1, reasons of category 2).
  malformed: code('1.3.1', '2.1', 'The message is not what this function expects'),
  elementMissing: code('1.3.1', '2.2', 'A mandatory element is missing'),
  tooLong: code('1.3.1', '3.2', 'The message is too long'),
  // §5.6.1 ES9+.InitiateAuthentication
  smdpAddressRefused: code('8.8.1', '3.8', 'This is not the address of this SM-DP+'),
  noCommonCiForSigning: code('8.8.2', '3.1', 'None of the proposed CI public keys is supported'),
  svnUnsupported: code('8.8.3', '3.1', 'The version of the eUICC is not supported'),
  noCommonCiForVerifying: code('8.8.4', '3.7', 'No certificate under a CI the eUICC can verify'),
  // §5.6.3 ES9+.AuthenticateClient
  eumCertificateInvalid: code('8.1.2', '6.1', 'The EUM certificate is invalid'),
  eumCertificateExpired: code('8.1.2', '6.3', 'The EUM certificate has expired'),
  euiccCertificateInvalid: code('8.1.3', '6.1', 'The eUICC certificate is invalid'),
  euiccCertificateExpired: code('8.1.3', '6.3', 'The eUICC certificate has expired'),
  euiccSignatureInvalid: code('8.1', '6.1', 'The signature or challenge of the eUICC is invalid'),
  euiccReportsError: code('8.1', '4.2', 'The eUICC reported an error'),
  ciUnknown: code('8.11.1', '3.9', 'The CI of the EUM certificate is not the one agreed on'),
  profileNotReleased: code('8.2', '1.2', 'The profile has not been released yet'),
  transactionUnknown: code('8.10.1', '3.9', 'The RSP session is unknown'),
  matchingIdRefused: code('8.2.6', '3.8', 'No download is pending for this matching id'),
  eidRefused: code('8.1.1', '3.8', 'The profile is meant for another eUICC'),
  orderExpired: code('8.8.5', '4.10', 'The download order has expired'),
  downloadRetriesExceeded: code('8.8.5', '6.4', 'The download was tried too often'),
  // §5.6.2 ES9+.GetBoundProfilePackage
  bppUnavailable: code('8.2', '3.7', 'The profile cannot be bound again'),
  confirmationCodeMissing: code('8.2.7', '2.2', 'The confirmation code is missing'),
  confirmationCodeRefused: code('8.2.7', '3.8', 'The confirmation code is wrong'),
  confirmationCodeRetriesExceeded: code(
    '8.2.7',
    '6.4',
    'The confirmation code was wrong too often',
  ),
  // §5.6.5 ES9+.CancelSession
  smdpOidInvalid: code('8.8', '3.10', 'The object identifier is not the one of this SM-DP+'),
  // §5.3 ES2+
  requesterUnknown: code('1.1', '1.1', 'The function requester is not who the certificate names'),
  iccidUnknown: code('8.2.1', '3.9', 'No profile has this ICCID'),
  iccidNotAllowed: code('8.2.1', '1.2', 'The profile belongs to another function requester'),
  iccidInUse: code('8.2.1', '3.3', 'The profile is not available, or already downloaded'),
  iccidMissing: code('8.2.1', '2.2', 'The ICCID or the final profile status is missing'),
  notReleasable: code('8.2.1', '3.5', 'The profile cannot be released from its state'),
  profileTypeUnknown: code('8.2.5', '3.9', 'No profile is of this type'),
  profileTypeExhausted: code('8.2.5', '3.7', 'No profile of this type is left'),
  profileTypeOther: code('8.2.5', '3.8', 'The profile is of another type'),
  eidInvalid: code('8.1.1', '2.1', 'The EID is not one'),
  eidOther: code('8.1.1', '3.10', 'Another EID is associated with this profile'),
  matchingIdInvalid: code('8.2.6', '2.1', 'The matching id is not one'),
  matchingIdInUse: code('8.2.6', '3.3', 'Another order has this matching id'),
  matchingIdOther: code('8.2.6', '3.10', 'Another matching id is associated with this profile'),
  confirmationCodeInvalid: code(
    '8.2.7',
    '2.1',
    'A confirmation code has 1 to 64 printable characters',
  ),
  smdsUnsupported: code('8.9', '5.1', 'Events are registered at no SM-DS'),
} as const satisfies Record<string, StatusCode>

export type StatusName = keyof typeof statusCode

export type Header = {
  readonly functionExecutionStatus: {
    readonly status: 'Executed-Success' | 'Failed'
    readonly statusCodeData?: StatusCode
  }
}

/** §6.5.1.4: what stands in every answer; a failure is HTTP 200 too. */
export const succeeded: Header = { functionExecutionStatus: { status: 'Executed-Success' } }

export const failedHeader = (name: StatusName): Header => ({
  functionExecutionStatus: { status: 'Failed', statusCodeData: statusCode[name] },
})
