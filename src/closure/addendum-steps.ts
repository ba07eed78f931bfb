/** After the end: a phone confirms that a profile is gone, and the certificate of its line gets an addendum. */
import { removedQueue } from '../esim/esim.ts'
import { notify } from '../notices/store.ts'
import { type App, tryAgain } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job, JobData } from '../platform/queue.ts'
import { isOpenIn } from './addendum.ts'
import { progressUrl } from './enter-store.ts'
import {
  insertAddendum,
  type SignedCase,
  signedCaseOfProfile,
  toldOfCase,
} from './evidence-store.ts'
import type { Documents } from './steps/documents.ts'

export const addendumQueues = [removedQueue]

export function addendumJobs(app: App, partners: { documents: Documents }): Job[] {
  return [
    {
      queue: removedQueue,
      run: (data) => amend(app, partners.documents, data),
      // What a person holds says otherwise until then, so it is tried again for as long as it takes.
      async gaveUp(data, error, id) {
        app.log.error({ iccid: data['iccid']?.slice(-4), error }, 'an addendum is not signed yet')
        const key = data['iccid'] ?? ''
        await tryAgain(app, removedQueue, key, data, { id, afterSeconds: 3600 })
      },
    },
  ]
}

/** Does nothing where no case has ended with this profile, or its certificate says it already. */
async function amend(app: App, documents: Documents, data: JobData): Promise<void> {
  const { subscriberId = '', iccid = '', confirmedAt = '' } = data
  const signed = await signedCaseOfProfile(app.db, subscriberId, iccid)
  if (!signed || !isOpenIn(signed.certificate, iccid)) return
  const made = await documents.amend(signed, { iccid, confirmedAt })
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    if (!(await insertAddendum(trx, now, signed, { iccid, ...made }))) return
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: system,
      action: 'closure.addendum-signed',
      subject: { kind: 'closure', id: signed.caseId },
      reason: 'the phone reported that it deleted the profile',
      detail: { iccidMasked: made.addendum.iccidMasked },
    })
    await tellAll(trx, app, signed, iccid, confirmedAt)
  })
}

/** Whoever got the certificate gets what was added to it, as long as their address is kept. */
async function tellAll(
  trx: Trx,
  app: App,
  { subscriberId, caseId, certificate }: SignedCase,
  iccid: string,
  confirmedAt: string,
): Promise<void> {
  const { recipients, locale } = await toldOfCase(trx, subscriberId, caseId)
  if (recipients.length === 0) return
  const { reference } = certificate
  await notify(trx, app, {
    subscriberId,
    noticeId: `${caseId}:removal:${iccid}`,
    recipients,
    template: 'closure-removal-confirmed',
    locale,
    caseId,
    params: {
      reference,
      lineName: '',
      at: confirmedAt,
      progressUrl: progressUrl(app, certificate),
    },
  })
}
