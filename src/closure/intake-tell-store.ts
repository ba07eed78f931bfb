/** Messages to who asked, at the address they gave: nothing of any account is in them, and the row goes when the message has left. */
import { notify, visitor } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { linkToken } from './freeze.ts'
import type { Intake } from './intake.ts'

export type Told = 'received' | 'asked' | 'late' | 'opened' | 'over'

export function proofUrl({ config }: Pick<App, 'config'>, caseId: string): string {
  return `${config.publicUrl}/close/proof/${linkToken(config.masterKey, 'intake', caseId)}`
}

export async function tellAsker(
  trx: Trx,
  app: App,
  { caseId, reference, version, given, locale, dueAt }: Intake,
  how: Told,
): Promise<void> {
  const goesOn = how === 'received' || how === 'asked'
  await notify(trx, app, {
    subscriberId: visitor,
    noticeId: `${caseId}:intake-${how}:${version}`,
    recipients: [
      { channel: given.contact.kind === 'email' ? 'email' : 'sms', address: given.contact.value },
    ],
    template: 'closure-intake',
    locale,
    params: {
      how,
      reference,
      ...(goesOn && { dueAt: dueAt.toString() }),
      url: goesOn ? proofUrl(app, caseId) : `${app.config.publicUrl}/c/${reference}`,
    },
  })
}
