/** Tells whoever an account belonged to what becomes of its number; where nothing is left to reach them by, nobody. */
import { notify } from '../notices/store.ts'
import type { NoticeParams, Recipient } from '../notices/notice.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { leavingUrl } from './leaving.ts'

type Told = {
  subscriberId: string
  noticeId: string
  recipients: readonly Recipient[]
  locale: string
  params: Omit<NoticeParams['port-after-end'], 'url'>
}

export async function tellLeaving(trx: Trx, app: App, { params, ...told }: Told): Promise<void> {
  const url = leavingUrl(app.config, told.subscriberId)
  await notify(trx, app, { ...told, template: 'port-after-end', params: { ...params, url } })
}
