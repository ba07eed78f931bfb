/** Owners hear once that half of a bucket is gone, that most is, that all is; and how far the spending cap is reached. */
import type { Recipient } from '../notices/notice.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { addresseeOf } from '../subscribers/store.ts'
import { decimal, money } from '../values/money.ts'
import type { LineChange } from './intake.ts'
import { levelOf } from './purse.ts'

export async function tellOwners(
  trx: Trx,
  app: Pick<App, 'clock' | 'ids' | 'queue' | 'config'>,
  changes: readonly LineChange[],
): Promise<void> {
  for (const { line, purse, told, capTold } of changes) {
    const { subscriberId, lineId } = line
    const { recipients, locale } = await addresseeOf(trx, subscriberId)
    const { nickname, msisdn, period_start } = await trx
      .selectFrom('line')
      .select(['nickname', 'msisdn', 'period_start'])
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
    if (capTold === null || purse.cap === null) continue
    const amount = (minor: bigint) => `${decimal(money(minor, line.currency))} ${line.currency}`
    await notify(trx, app, {
      subscriberId,
      // Once for each period and each cap, however often it is reached.
      noticeId: `cap-reached:${lineId}:${period_start}:${purse.cap}:${capTold}`,
      recipients: withNumber(recipients, msisdn),
      template: 'cap-reached',
      locale,
      params: {
        lineName: nickname,
        percent: String(capTold),
        cap: amount(purse.cap),
        spent: amount(purse.spent),
        url: `${app.config.publicUrl}/lines/${lineId}/cap`,
      },
    })
  }
}

/** Who uses the line reads it on the line. */
function withNumber(recipients: readonly Recipient[], msisdn: string | null): Recipient[] {
  const known = recipients.some(({ channel, address }) => channel === 'sms' && address === msisdn)
  if (msisdn === null || known) return [...recipients]
  return [...recipients, { channel: 'sms', address: msisdn }]
}
