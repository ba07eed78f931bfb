/** Where a certificate lies sealed: its key goes on the day until which certificates are kept. */

export function certificatePlace(
  { subscriberId, caseId }: { subscriberId: string; caseId: string },
  column: 'document' | 'jws' | 'pdf',
) {
  const field = `closure_certificate.${column}`
  return { subscriberId, category: 'certificate', field, record: caseId } as const
}
