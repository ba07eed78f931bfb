/** Contacts come, are verified, and go; the contacts there were before are told. */
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { blind } from '../platform/personal.ts'
import type { ContactId, SubscriberId } from '../values/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { type CodeSent, sendCode, useCode } from './code-store.ts'
import {
  type Contact,
  type ContactKind,
  heirOf,
  kindWord,
  maskContact,
  mayRemove,
  parseContact,
  recipientOf,
} from './contact.ts'
import { retireSignInAddress } from './session-store.ts'
import { contactsOf, contactValue, lockSubscriber } from './store.ts'
import { verifiedContacts } from './subscriber.ts'

/** Asked before a contact goes: whether something under way still needs it. The closure is wired in by main. */
export type ContactNeeded = (trx: Trx, subscriberId: string, contact: Contact) => Promise<boolean>

const contactsMax = 10

/**
 * Adds a contact and sends it a code. Whether somebody else has it is told only to who proves to read it, so that
 * nobody can ask us for whose address is whose.
 */
export async function addContact(
  app: App,
  subscriberId: SubscriberId,
  asked: { kind: ContactKind; value: string },
): Promise<{ contact: Contact; sent: CodeSent } | Refusal> {
  const { kind } = asked
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    if (!subscriber) return refuse('not-found')
    const value = parseContact(kind, asked.value, subscriber.country)
    if (value === undefined)
      return refuse('contact-invalid', { kind: kindWord(kind, subscriber.locale) })
    const contacts = await contactsOf(trx, subscriberId)
    const known = contacts.find((contact) => contact.kind === kind && contact.value === value)
    if (!known && contacts.length >= contactsMax)
      return refuse('too-many-requests', { minutes: '60' })
    const contact = known ?? (await insertContact(trx, app, subscriberId, kind, value))
    const sent = await sendContactCode(trx, app, subscriberId, contact.contactId, subscriber.locale)
    // Refused after the row was written: nothing of it may stay.
    if (isRefusal(sent) && !known) await deleteContact(trx, subscriberId, contact.contactId)
    return isRefusal(sent) ? sent : { contact, sent }
  })
}

export async function sendContactCodeAgain(
  app: App,
  subscriberId: SubscriberId,
  contactId: string,
): Promise<CodeSent | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    if (!subscriber) return refuse('not-found')
    return sendContactCode(trx, app, subscriberId, contactId, subscriber.locale)
  })
}

export async function verifyContact(
  app: App,
  subscriberId: SubscriberId,
  contactId: string,
  code: string,
): Promise<Contact | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    const contacts = await contactsOf(trx, subscriberId)
    const contact = contacts.find((one) => one.contactId === contactId)
    if (!subscriber || !contact) return refuse('not-found')
    const used = await useCode(trx, app, {
      subscriberId,
      purpose: 'verify-contact',
      subjectId: contactId,
      code,
    })
    if (isRefusal(used)) return used
    if (contact.verifiedAt) return contact
    if (!(await claim(trx, subscriberId, contact))) return refuse('contact-taken')
    await trx
      .updateTable('subscriber_contact')
      .set({ verified_at: now })
      .where('subscriber_id', '=', subscriberId)
      .where('contact_id', '=', contactId)
      .execute()
    await record(trx, app, subscriberId, contact, 'contact.verified')
    const before = verifiedContacts(contacts)
    await tellOfContact(trx, app, subscriberId, subscriber.locale, 'contact-added', contact, before)
    return { ...contact, verifiedAt: now }
  })
}

export async function removeContact(
  app: App,
  subscriberId: SubscriberId,
  contactId: string,
  isNeeded: ContactNeeded,
): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    const contacts = await contactsOf(trx, subscriberId)
    const contact = contacts.find((one) => one.contactId === contactId)
    if (!subscriber || !contact) return refuse('not-found')
    const refusal = mayRemove(contacts, contact)
    if (refusal) return refusal
    if (contact.verifiedAt && (await isNeeded(trx, subscriberId, contact)))
      return refuse('contact-needed')
    await trx
      .updateTable('subscriber_contact')
      .set({ removed_at: app.clock.now() })
      .where('subscriber_id', '=', subscriberId)
      .where('contact_id', '=', contactId)
      .execute()
    await record(trx, app, subscriberId, contact, 'contact.removed')
    if (!contact.verifiedAt) return undefined
    await release(trx, subscriberId, contact, contacts)
    const { locale } = subscriber
    const before = verifiedContacts(contacts)
    await tellOfContact(trx, app, subscriberId, locale, 'contact-removed', contact, before)
    return undefined
  })
}

async function release(
  trx: Trx,
  subscriberId: string,
  contact: Contact,
  contacts: readonly Contact[],
) {
  await trx
    .deleteFrom('contact_index')
    .where('kind', '=', contact.kind)
    .where('value', '=', blind(contact.kind, contact.value))
    .where('subscriber_id', '=', subscriberId)
    .execute()
  await retireSignInAddress(trx, subscriberId, contact.value, heirOf(contacts, contact)?.value)
}

/**
 * Nobody has these numbers any more, and somebody else may be given them: they reach nobody here from now on, sign
 * nobody in, and no freeze brings them back.
 */
export async function retireNumbers(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock' | 'queue' | 'config'>,
  numbers: readonly string[],
): Promise<void> {
  if (numbers.length === 0) return
  const owners = await trx
    .selectFrom('contact_index')
    .select('subscriber_id')
    .distinct()
    .where('kind', '=', 'phone')
    .where(
      'value',
      'in',
      numbers.map((number) => blind('phone', number)),
    )
    .orderBy('subscriber_id')
    .execute()
  for (const { subscriber_id: subscriberId } of owners) {
    const subscriber = await lockSubscriber(trx, subscriberId)
    if (!subscriber) continue
    const contacts = await contactsOf(trx, subscriberId)
    const gone = contacts.filter(({ value }) => numbers.includes(value))
    const left = contacts.filter((contact) => !gone.includes(contact))
    for (const contact of gone) {
      await trx
        .updateTable('subscriber_contact')
        .set({ removed_at: app.clock.now(), verified_at: null })
        .where('subscriber_id', '=', subscriberId)
        .where('contact_id', '=', contact.contactId)
        .execute()
      await release(trx, subscriberId, contact, left)
      await record(trx, app, subscriberId, contact, 'contact.retired')
      const { locale } = subscriber
      const reached = verifiedContacts(left)
      await tellOfContact(trx, app, subscriberId, locale, 'contact-removed', contact, reached)
    }
  }
}

/** True when the contact is now this subscriber's and nobody else's. */
async function claim(trx: Trx, subscriberId: string, { kind, value }: Contact): Promise<boolean> {
  const claimed = await trx
    .insertInto('contact_index')
    .values({ kind, value: blind(kind, value), subscriber_id: subscriberId })
    .onConflict((conflict) => conflict.columns(['kind', 'value']).doNothing())
    .returning('subscriber_id')
    .executeTakeFirst()
  if (claimed) return true
  const owner = await trx
    .selectFrom('contact_index')
    .select('subscriber_id')
    .where('kind', '=', kind)
    .where('value', '=', blind(kind, value))
    .executeTakeFirst()
  return owner?.subscriber_id === subscriberId
}

async function insertContact(
  trx: Trx,
  app: App,
  subscriberId: string,
  kind: ContactKind,
  value: string,
): Promise<Contact> {
  const contactId = app.ids.make<ContactId>('contact')
  const addedAt = app.clock.now()
  await trx
    .insertInto('subscriber_contact')
    .values({
      subscriber_id: subscriberId,
      contact_id: contactId,
      kind,
      value: contactValue(subscriberId, contactId, value),
      added_at: addedAt,
    })
    .execute()
  return { contactId, kind, value, addedAt, verifiedAt: null }
}

async function deleteContact(trx: Trx, subscriberId: string, contactId: string) {
  await trx
    .deleteFrom('subscriber_contact')
    .where('subscriber_id', '=', subscriberId)
    .where('contact_id', '=', contactId)
    .execute()
}

async function sendContactCode(
  trx: Trx,
  app: App,
  subscriberId: string,
  contactId: string,
  locale: string,
) {
  const purpose = 'verify-contact' as const
  return sendCode(trx, app, { subscriberId, purpose, subjectId: contactId, contactId, locale })
}

async function tellOfContact(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock' | 'queue' | 'config'>,
  subscriberId: string,
  locale: string,
  template: 'contact-added' | 'contact-removed',
  { contactId, kind, value }: Contact,
  before: readonly Contact[],
) {
  await notify(trx, app, {
    subscriberId,
    noticeId: `${template}:${contactId}`,
    recipients: before.map(recipientOf),
    template,
    locale,
    params: {
      contact: maskContact(kind, value),
      at: app.clock.now().toString(),
      url: `${app.config.publicUrl}/account/contacts`,
    },
  })
}

async function record(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  subscriberId: string,
  contact: Contact,
  action: 'contact.verified' | 'contact.removed' | 'contact.retired',
) {
  const isOurs = action === 'contact.retired'
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: isOurs ? system : { kind: 'subscriber', id: subscriberId },
    action,
    subject: { kind: 'contact', id: contact.contactId },
    reason: isOurs ? 'its number is nobody’s any more' : contact.kind,
  })
}
