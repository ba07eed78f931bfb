/** Branded identifiers: a prefix that says what it is, and a UUIDv7 that orders by time. */
declare const brand: unique symbol
type Id<Kind extends string> = string & { readonly [brand]: Kind }

export type SubscriberId = Id<'sub'>
export type ContactId = Id<'contact'>
export type PasskeyId = Id<'passkey'>
export type LineId = Id<'line'>
export type OrderId = Id<'order'>
export type CaseId = Id<'case'>
export type TicketId = Id<'ticket'>

const shape = /^[a-z]+_[0-9a-f]{32}$/

export function isId(prefix: string, text: string): boolean {
  return shape.test(text) && text.startsWith(`${prefix}_`)
}
