/** Owners of buckets hear once that most of it is gone, and once that all is. */
import { ownerOf } from '../lines/store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import type { LineChange } from './intake.ts'
import { levelOf } from './purse.ts'

export async function tellLow(
  trx: Trx,
  app: Pick<App, 'clock' | 'ids' | 'queue' | 'config'>,
  changes: readonly LineChange[],
): Promise<void> {
  for (const { line, told } of changes) {
    const { subscriberId, lineId } = line
    const { recipients, locale } = await ownerOf(trx, subscriberId)
    const { nickname } = await trx
      .selectFrom('line')
      .select('nickname')
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    for (const bucket of told) {
      const percent = String(levelOf(bucket))
      await notify(trx, app, {
        subscriberId,
        noticeId: `usage-low:${bucket.bucketId}:${percent}`,
        recipients,
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
