/** What must be on record of everything that changed: the audit trail of each state, and timelines without a gap. */

const audited = (subject: string, action: string) => `exists (
  select from audit_entry a where a.subscriber_id = x.subscriber_id and a.subject_id = ${subject}
    and a.action = ${action})`

/** Rows in a state that no entry says how they came to. */
const unaudited = (table: string, inState: string, subject: string, action: string) => `
  select ${subject} || ' ' || ${action} from ${table} x where ${inState} and not ${audited(subject, action)}`

export const trailRules: Record<string, string> = {
  'a change of state has no audit entry': [
    unaudited('closure_case', `x.state <> 'draft'`, 'x.case_id', `'closure.' || x.state`),
    unaudited('line', `x.state = 'closed'`, 'x.line_id', `'line.closed'`),
    unaudited('line', `x.state in ('active', 'suspended')`, 'x.line_id', `'line.activated'`),
    unaudited('line', `x.state = 'suspended'`, 'x.line_id', `'line.suspended'`),
    unaudited('payment_order', `x.state = 'paid'`, 'x.order_id', `'order.paid'`),
    unaudited('refund', 'true', 'x.refund_id', `'refund.requested'`),
    unaudited('refund', 'true', 'x.refund_id', `'refund.' || x.state`),
    unaudited('profile', `x.state = 'installed'`, 'x.line_id', `'profile-installed'`),
    unaudited(
      'retention',
      'x.keep_until is not null and x.erased_at is not null',
      'x.case_id',
      `'retention.erased'`,
    ),
    unaudited('subscriber', `x.state = 'closed'`, 'x.subscriber_id', `'subscriber.closed'`),
    // The one that a line had until its own number came was nobody’s own.
    `select n.msisdn from phone_number n where n.state = 'quarantined' and n.last_line_id is not null and not exists (
       select from audit_entry a where a.subscriber_id = n.last_subscriber_id
         and a.subject_id = n.last_line_id and a.action = 'line.closed')`,
  ].join('\nunion all\n'),
  'a number was released and nobody said so': `
    select n.msisdn from phone_number n
    where n.state = 'available' and n.version > 0 and not exists (
      select from audit_entry a where a.subject_id = n.msisdn and a.action = 'number.released')`,
  'a category was erased more often than is on record': `
    select r.case_id from (
      select subscriber_id, case_id, count(*) as n from retention
      where keep_until is not null and erased_at is not null
      group by 1, 2) r
    where r.n <> (select count(*) from audit_entry a where a.subscriber_id = r.subscriber_id
      and a.subject_id = r.case_id and a.action = 'retention.erased')`,
  // The hashes themselves are reckoned again once the world is at rest.
  'a timeline has a gap': `
    select case_id from (
      select case_id, seq, previous_hash, lag(hash) over mine as before, row_number() over mine as nth
      from closure_event window mine as (partition by subscriber_id, case_id order by seq)) e
    where e.seq <> e.nth or (e.nth > 1 and e.previous_hash <> e.before)`,
}
