/** Asks who acts for a subscriber: a link that is theirs alone, to an address that is none of the subscriber's. */
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import type { StoredCase } from './case.ts'
import { type Facts, lineName } from './facts.ts'
import { linkToken } from './freeze.ts'

type Asked = Pick<StoredCase, 'subscriberId' | 'caseId' | 'reference' | 'scope' | 'version'>

export function actingUrl(
  { config }: Pick<App, 'config'>,
  { caseId }: Pick<StoredCase, 'caseId'>,
  { representativeId }: { representativeId: string },
): string {
  return `${config.publicUrl}/act/${linkToken(config.masterKey, 'act', caseId, representativeId)}`
}

export async function askActing(trx: Trx, app: App, c: Asked, facts: Facts): Promise<void> {
  const { acting, lines, subscriber } = facts
  if (!acting) return
  const [line] = lines
  await notify(trx, app, {
    subscriberId: c.subscriberId,
    noticeId: `${c.caseId}:closure-act:${c.version}`,
    recipients: [{ channel: 'email', address: acting.email }],
    template: 'closure-act',
    locale: acting.locale,
    caseId: c.caseId,
    params: {
      kind: acting.kind,
      reference: c.reference,
      lineName: c.scope === 'line' && line ? lineName(line) : '',
      subscriberName: subscriber.name,
      url: actingUrl(app, c, acting),
    },
  })
}
