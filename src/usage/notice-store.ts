/** Owners of buckets hear once that half of it is gone, once that most is, and once that all is. */
import type { Recipient } from '../notices/notice.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { addresseeOf } from '../subscribers/store.ts'
import type { LineChange } from './intake.ts'
import { levelOf } from './purse.ts'

export async function tellLow(
  trx: Trx,
  app: Pick<App, 'clock' | 'ids' | 'queue' | 'config'>,
  changes: readonly LineChange[],
): Promise<void> {
  for (const { line, told } of changes) {
    const { subscriberId, lineId } = line
    const { recipients, locale } = await addresseeOf(trx, subscriberId)
    const { nickname, msisdn } = await trx
      .selectFrom('line')
      .select(['nickname', 'msisdn'])
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    for (const bucket of told) {
      const percent = String(levelOf(bucket))
      await notify(trx, app, {
        subscriberId,
        noticeId: `usage-low:${bucket.bucketId}:${percent}`,
        recipients: withNumber(recipients, msisdn),
        template: 'usage-low',
        locale,
        params: {
          lineName: nickname,
          percent,
          kind: bucket.kind,
          remaining: bucket.remaining.toString(),
          url: `${app.config.publicUrl}/lines/${lineId}/top-up`,
        },
      })
    }
  }
}

/** Who uses the line reads it on the line. */
function withNumber(recipients: readonly Recipient[], msisdn: string | null): Recipient[] {
  const known = recipients.some(({ channel, address }) => channel === 'sms' && address === msisdn)
  if (msisdn === null || known) return [...recipients]
  return [...recipients, { channel: 'sms', address: msisdn }]
}
