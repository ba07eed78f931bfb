/** What subscribers chose to hear of; every change is audited, and honoured from the next message on. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import {
  type Choice,
  dependsOnChoice,
  isOpen,
  isWanted,
  rules,
  type Topic,
  whoWants,
} from './choice.ts'
import type { Channel, NoticeRequest, TemplateName } from './notice.ts'

export function choicesOf(db: Db | Trx, subscriberId: string): Promise<Choice[]> {
  return db
    .selectFrom('notice_choice')
    .select(['topic', 'channel', 'wanted'])
    .where('subscriber_id', '=', subscriberId)
    .execute()
}

/** Said again, it changes nothing and leaves no second entry. */
export async function choose(
  app: App,
  subscriberId: string,
  { topic, channel, wanted }: { topic: Topic; channel: Channel; wanted: boolean },
): Promise<Refusal | undefined> {
  if (!isOpen(rules[topic][channel])) return refuse('notice-always')
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await trx
      .selectFrom('subscriber')
      .select('state')
      .where('subscriber_id', '=', subscriberId)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (subscriber?.state !== 'active') return refuse('not-found')
    const before = isWanted(topic, channel, await choicesOf(trx, subscriberId))
    if (before === wanted) return undefined
    await trx
      .insertInto('notice_choice')
      .values({ subscriber_id: subscriberId, topic, channel, wanted, chosen_at: now })
      .onConflict((conflict) =>
        conflict
          .columns(['subscriber_id', 'topic', 'channel'])
          .doUpdateSet({ wanted, chosen_at: now }),
      )
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: wanted ? 'notices.switched-on' : 'notices.switched-off',
      subject: { kind: 'subscriber', id: subscriberId },
      reason: 'chosen by the subscriber',
      detail: { topic, channel },
    })
    return undefined
  })
}

/** Who acts for somebody chose nothing: they hear of everything, as usual. */
export async function forgetChoices(trx: Trx, subscriberId: string): Promise<void> {
  await trx.deleteFrom('notice_choice').where('subscriber_id', '=', subscriberId).execute()
}

/** Messages without the recipients who chose not to hear of them. What always comes needs no look. */
export async function asChosen<Template extends TemplateName>(
  trx: Trx,
  requests: readonly NoticeRequest<Template>[],
): Promise<readonly NoticeRequest<Template>[]> {
  const open = requests.filter(({ template, recipients }) => dependsOnChoice(template, recipients))
  const bySubscriber = await choicesOfAll(
    trx,
    new Set(open.map(({ subscriberId }) => subscriberId)),
  )
  return requests.map((request) => {
    const { template, recipients, subscriberId } = request
    const choices = bySubscriber.get(subscriberId) ?? []
    return { ...request, recipients: whoWants(template, recipients, choices) }
  })
}

async function choicesOfAll(trx: Trx, subscriberIds: ReadonlySet<string>) {
  if (subscriberIds.size === 0) return new Map<string, Choice[]>()
  const said = await trx
    .selectFrom('notice_choice')
    .select(['subscriber_id', 'topic', 'channel', 'wanted'])
    .where('subscriber_id', '=', sql<string>`any(${[...subscriberIds]})`)
    .execute()
  return Map.groupBy(said, ({ subscriber_id }) => subscriber_id)
}
