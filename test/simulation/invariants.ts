/** What must hold after every tick, read from the world's database and from its partners' own books. */
import { checkLedger } from '../../src/ledger/check-store.ts'
import type { DifferenceKind } from '../../src/ledger/check.ts'
import type { Db } from '../../src/platform/database.ts'
import { trailRules } from './trails.ts'
import type { World } from './world.ts'

/** The rule that broke, and what it was seen on. */
export type Broken = { rule: string; what: string }

const ended = `('draft', 'closed', 'withdrawn', 'rejected')`
/** A closure's lines, with what each still holds. */
const closedLines = `
  from closure_case c
  cross join lateral jsonb_array_elements_text(c.closing_lines) as n (line_id)
  join line l on l.subscriber_id = c.subscriber_id and l.line_id = n.line_id
  where c.state = 'closed'`
const ruleOf = (name: string) => `(v.document -> 'rules' -> '${name}' ->> 'value')::interval`
const policyOf = `join policy_version v on v.country = c.policy_country and v.version = c.policy_version`
/** Also while it is being given up: that ends with a job again, or where a person looks. */
const waiting = (queue: string, key: string) => `exists (
  select from pgboss.job j where j.name in ('${queue}', '${queue}.dead') and j.singleton_key = ${key}
    and j.state <= 'active')`

const hasEvent = (kind: string) => `exists (select from closure_event e
  where e.subscriber_id = c.subscriber_id and e.case_id = c.case_id and e.kind = '${kind}')`
const waitsForNumber = `(exists (select from port_out p where p.subscriber_id = c.subscriber_id
    and c.closing_lines ? p.line_id and p.state = 'pending')
  or exists (select from port_in p where p.subscriber_id = c.subscriber_id
    and c.closing_lines ? p.line_id and p.state in ('asked', 'pending'))
  or exists (select from jsonb_array_elements_text(c.closing_lines) as n (line_id)
    where ${waiting('porting.changed', 'n.line_id')}))`

/** Nobody answered in time, and a person is asked to look. */
const late = `c.due_at <= $1 and c.attention ->> 'advice' is not null`
/** When a step or an event of the case was recorded last: who commits one sends its job, and wakes it a minute ahead. */
const lastWord = `greatest(
  (select max(e.at) from closure_event e where e.subscriber_id = c.subscriber_id and e.case_id = c.case_id),
  (select max(s.done_at) from closure_step s where s.subscriber_id = c.subscriber_id and s.case_id = c.case_id))`

/** Said once in the life of a case, whatever happens; others may have to be said again. */
const saidOnce = `('closure-received', 'closure-announced', 'closure-approved', 'closure-withdrawn',
  'closure-rejected', 'closure-closed')`

/** Each finds what breaks the rule; $1 is the world's time. */
const rules: Record<string, string> = {
  'a closed case has a live line': `
    select c.reference ${closedLines} and l.state <> 'closed'`,
  'a closed case has a downloadable profile': `
    select c.reference from (select c.*, l.iccid ${closedLines}) c
    join profile p on p.subscriber_id = c.subscriber_id and p.iccid = c.iccid
    where p.state in ('released', 'downloaded')`,
  // What a phone is served from is the stock.
  'a closed case has a profile that the SM-DP+ still gives away': `
    select c.reference from (select c.*, l.iccid ${closedLines}) c join profile_stock s using (iccid)
    where s.state in ('linked', 'confirmed', 'released', 'downloaded')`,
  'a closed line holds money': `
    select l.line_id from line l join ledger_balance b using (subscriber_id, line_id)
    join closure_case c on c.subscriber_id = l.subscriber_id and c.closing_lines ? l.line_id
    where c.state = 'closed' and b.minor <> 0`,
  'a closed account holds money or sessions': `
    select c.reference from closure_case c where c.state = 'closed' and c.scope = 'account' and (
      exists (select from ledger_balance b where b.subscriber_id = c.subscriber_id and b.minor <> 0)
      or exists (select from sign_in_user u join sign_in_session s on s.user_id = u.id
        where u.subscriber_id = c.subscriber_id)
      or exists (select from subscriber s
        where s.subscriber_id = c.subscriber_id and s.state <> 'closed'))`,
  'a number is free before its quarantine is over': `
    select n.msisdn from (
      select l.msisdn, ((l.closed_at at time zone z) + ${ruleOf('quarantineMin')}) at time zone z as until
      from closure_case c ${policyOf}
      cross join lateral (select v.document ->> 'timeZone' as z) zone
      join line l on l.subscriber_id = c.subscriber_id and c.closing_lines ? l.line_id
      where c.state = 'closed' and l.msisdn is not null) x
    join phone_number n using (msisdn)
    where n.state not in ('quarantined', 'ported-out') and $1 < x.until`,
  'service ended inside the waiting time': `
    select c.reference from closure_case c ${policyOf}
    where c.bulk_id is null and c.service_ended_at < c.submitted_at + ${ruleOf('coolingOff')}
      and not ${hasEvent('number-ported')}`,
  'a closure that was stopped and let go on ended before its time': `
    select c.reference from closure_case c
    join closure_event t using (subscriber_id, case_id) join closure_event e using (subscriber_id, case_id)
    where t.kind = 'thawed' and e.kind = 'service-ending' and e.seq > t.seq
      and e.at < (t.detail ->> 'until')::timestamptz`,
  'a refund began before service ended': `
    select c.reference from closure_case c join refund r using (subscriber_id, case_id)
    where c.service_ended_at is null`,
  'a case is lost: nothing will move it': `
    select c.reference || ' ' || c.state from closure_case c
    where c.state not in ${ended} and c.state not in ('needs_attention', 'frozen')
      and c.wake_at is null and not (c.state = 'in_review' and c.due_at is not null)
      and not (c.state = 'needs_customer' and ${late})
      and not ${waiting('closure.advance', 'c.case_id')}
      and not exists (select from closure_bulk b where b.bulk_id = c.bulk_id and b.wake_at is not null)
      and not exists (select from pgboss.job j where j.name = 'closure.bulk'
        and j.singleton_key like c.bulk_id || ':%' and j.state <= 'active')`,
  'an answer is waited for without a date': `
    select c.reference from closure_case c where c.state = 'needs_customer' and c.due_at is null
      and not ${waiting('closure.advance', 'c.case_id')}`,
  // The sweep would find it a minute later; that is for jobs that were lost, not for those nobody sent.
  'a case that could move has no job': `
    select c.reference || ' ' || c.state from closure_case c
    where (c.state in ('submitted', 'verifying') or c.state = 'approved' and not ${waitsForNumber}
        or c.state in ('executing', 'settling') and c.failures = 0 and c.bulk_id is null
          and ($1 = ${lastWord} or c.wake_at = ${lastWord} + interval '1 minute'))
      and not ${waiting('closure.advance', 'c.case_id')}`,
  'a stuck case says not what to do': `
    select c.reference from closure_case c where c.state in ('needs_attention', 'frozen') and (
      c.attention ->> 'advice' is null or c.attention ->> 'resume' is null)`,
  'a message says what is not so': `
    select n.notice_id from notice n join closure_case c using (subscriber_id, case_id)
    where (n.template = 'closure-closed' and c.state <> 'closed')
      or (n.template = 'closure-received' and c.submitted_at is null)
      or (n.template = 'closure-withdrawn' and c.state <> 'withdrawn')
      or (n.template = 'closure-rejected' and c.state <> 'rejected' and not ${hasEvent('appealed')})`,
  'an eSIM is installed and nobody gives its line service': `
    select l.line_id from line l join profile p using (subscriber_id, line_id)
    where l.state = 'ordered' and p.state = 'installed' and not ${waiting('lines.activate', 'l.line_id')}`,
  'one person gave both approvals': `
    select c.reference from closure_case c
    join closure_event f using (subscriber_id, case_id) join closure_event l using (subscriber_id, case_id)
    where f.kind = 'approved-first' and l.kind = 'approved' and f.seq < l.seq and f.actor_id = l.actor_id
      and not exists (select from closure_event v
        where v.subscriber_id = c.subscriber_id and v.case_id = c.case_id
          and v.seq between f.seq and l.seq and v.kind in ('frozen', 'held', 'rejected', 'appealed'))`,
  'a case went on while its owner was asked': `
    select c.reference from closure_case c join closure_question q using (subscriber_id, case_id)
    where q.ended_at is null and c.state not in ('needs_customer', 'frozen', 'on_hold', 'needs_attention')
    union all
    select a.case_id from closure_event a where a.kind like 'approved%' and 'question-asked' = (
      select q.kind from closure_event q where q.subscriber_id = a.subscriber_id
        and q.case_id = a.case_id and q.seq < a.seq and q.kind like 'question-%'
      order by q.seq desc limit 1)`,
  'a line is left closing': `
    select l.line_id from line l where l.state = 'closing' and not exists (
      select from closure_case c where c.subscriber_id = l.subscriber_id
        and c.closing_lines ? l.line_id and c.state not in ${ended})`,
  'an account was settled before a closure of one of its lines had ended': `
    select c.reference from closure_case c
    join closure_step s using (subscriber_id, case_id) join closure_case l using (subscriber_id)
    where c.scope = 'account' and s.step = 'settle' and l.scope = 'line' and l.state not in ${ended}`,
  'a withdrawn case had effects': `
    select c.reference from closure_case c where c.state in ('withdrawn', 'rejected') and (
      exists (select from refund r where r.subscriber_id = c.subscriber_id and r.case_id = c.case_id)
      or exists (select from closure_step s
        where s.subscriber_id = c.subscriber_id and s.case_id = c.case_id))`,
  // Seen as long as nobody has taken one of them: two commits at one moment are two transactions.
  'one commit enqueued the same job twice': `
    select j.name || ' ' || j.singleton_key from pgboss.job j
    where j.singleton_key is not null and j.source_id is null and j.state = 'created'
    group by j.name, j.singleton_key, j.created_on, j.xmin::text having count(*) > 1`,
  'an order was honoured twice': `
    select t.detail ->> 'orderId' from ledger_transfer t
    where t.kind in ('top-up', 'plan-payment')
    group by t.subscriber_id, t.detail ->> 'orderId' having count(*) > 1`,
  'more was sent back than was paid': `
    select o.order_id from payment_order o join refund r using (subscriber_id, order_id)
    where r.state <> 'unclaimed' group by o.order_id, o.minor having sum(r.minor) > o.minor`,
  'unclaimed money is in the books and not on record, or otherwise': `
    select coalesce(b.key, u.transfer_key) from (
      select t.subscriber_id, t.key, sum(p.minor) as minor from ledger_posting p
      join ledger_transfer t using (subscriber_id, transfer_id)
      where p.account = 'unclaimed' and t.kind <> 'unclaimed-ended' group by 1, 2) b
    full join unclaimed_money u on u.subscriber_id = b.subscriber_id and u.transfer_key = b.key
    where b.minor is distinct from u.minor`,
  'what is on record as unclaimed is not what is left of it in the books': `
    select coalesce(b.subscriber_id, u.subscriber_id) from (
      select subscriber_id, sum(minor) as minor from ledger_posting where account = 'unclaimed' group by 1) b
    full join (select subscriber_id, sum(case when state = 'held' then minor - taken_minor else 0 end) as minor
      from unclaimed_money group by 1) u on u.subscriber_id = b.subscriber_id
    where coalesce(b.minor, 0) <> coalesce(u.minor, 0)`,
  'a closed line has charging sessions, or money held for them': `
    select p.line_id from purse p join line l using (subscriber_id, line_id)
    where l.state = 'closed' and (p.open_sessions > 0 or p.held_minor > 0)`,
  'a closed line has a renewal': `
    select l.line_id from line l join line_renewal r using (subscriber_id, line_id)
    where l.state = 'closed'
      and (l.auto_renew or l.due_at is not null or r.next_version is not null or r.waiting_since is not null)`,
  'a period began on a line that was closing': `
    select t.line_id from line_term t join closure_case c on c.subscriber_id = t.subscriber_id
      and c.closing_lines ? t.line_id and c.submitted_at < t.began_at
    where t.cause <> 'bought' and c.state not in ('draft', 'withdrawn', 'rejected')
      and (c.quote -> 'ownDay' is null or c.service_ended_at < t.began_at)`,
  // The clock may leap back for some minutes.
  'service ended before the day that its owner chose': `
    select c.reference from closure_case c
    where c.service_ended_at + interval '15 minutes' < (c.quote -> 'ownDay' ->> 'until')::timestamptz
      and not ${hasEvent('number-ported')}`,
  'an allowance was granted twice, or not at all': `
    select l.line_id || ' ' || k.kind from line l
    cross join lateral (select max(term) as since from line_term t
      where t.subscriber_id = l.subscriber_id and t.line_id = l.line_id and t.cause <> 'changed') s
    cross join (values ('data'), ('voice'), ('sms')) as k (kind)
    where l.state <> 'closed' and coalesce((
      select sum(case k.kind when 'data' then t.data_bytes when 'voice' then t.voice_seconds
        else t.sms_messages end) from line_term t
      where t.subscriber_id = l.subscriber_id and t.line_id = l.line_id and t.term >= s.since), 0)
    <> coalesce((
      select sum(b.granted) from bucket b where b.subscriber_id = l.subscriber_id
        and b.line_id = l.line_id and b.kind = k.kind
        and (b.expires_at is null or l.period_end is null or b.expires_at >= l.period_end)
        and not exists (select from line_addon a where a.subscriber_id = b.subscriber_id
          and a.line_id = b.line_id and a.bucket_id = b.bucket_id)), 0)`,
  'an add-on was paid twice, or not at all': `
    select line_id from (
      select t.subscriber_id, p.line_id, sum(p.minor) as minor from ledger_transfer t
      join ledger_posting p using (subscriber_id, transfer_id)
      where t.kind = 'addon' and p.account = 'addon-prepaid' group by 1, 2) t
    full join (
      select subscriber_id, line_id, sum(paid_minor) as minor from line_addon group by 1, 2) a
      using (subscriber_id, line_id)
    where t.minor is distinct from a.minor`,
  'money of a decided dispute is still set aside': `
    select d.dispute_id from payment_dispute d join ledger_hold h using (subscriber_id)
    where h.state = 'placed' and d.state <> 'open'
      and (h.key = 'dispute:' || d.dispute_id or starts_with(h.key, 'dispute:' || d.dispute_id || ':refund'))`,
  'a plan was paid at another price than was agreed': `
    select a.line_id from (
      select subscriber_id, line_id, sum(paid_minor) as minor from line_term where cause <> 'bought'
      group by 1, 2) a
    where a.minor <> coalesce((
      select sum(p.minor) from ledger_posting p
      join ledger_transfer t using (subscriber_id, transfer_id)
      where p.subscriber_id = a.subscriber_id and p.line_id = a.line_id and p.account = 'plan-prepaid'
        and t.kind in ('plan-change', 'plan-return', 'plan-renewal')), 0)`,
  'a number that left is in our inventory': `
    select p.msisdn from port_out p join phone_number n using (msisdn)
    where p.state = 'completed' and n.state <> 'ported-out'`,
  'a number left and its line lives on': `
    select p.line_id from port_out p join line l using (subscriber_id, line_id)
    where p.state = 'completed' and l.state not in ('closing', 'closed') and p.wake_at is null
      and not ${waiting('porting.changed', 'p.line_id')}`,
  'a line ended otherwise than its number': `
    select l.line_id from line l where l.state = 'closed' and (l.close_cause = 'ported') and not exists (
      select from port_out p where p.subscriber_id = l.subscriber_id and p.line_id = l.line_id
        and p.state = 'completed')`,
  'a line closed while its number was on its way': `
    select l.line_id from line l join port_out p using (subscriber_id, line_id)
    where p.state = 'pending' and l.closed_at > p.changed_at`,
  'a number did not go and its line closed unasked': `
    select l.line_id from line l join port_out p using (subscriber_id, line_id)
    join closure_case c on c.subscriber_id = l.subscriber_id and c.closing_lines ? l.line_id
    where l.close_cause = 'closure' and p.reference is not null
      and p.state in ('failed', 'expired', 'cancelled') and p.ended_at > c.submitted_at
      and p.ended_at < c.service_ended_at and c.state not in ('withdrawn', 'rejected')
      and c.bulk_id is null
      and not exists (select from closure_event e where e.subscriber_id = c.subscriber_id
        and e.case_id = c.case_id and e.kind = 'agreed-again' and e.at >= p.ended_at)`,
  'a port code stands readable': `
    select a.audit_id from audit_entry a where a.action = 'port.code-given'
      and a.detail::text ~ '[2-9A-Z]{5}-[2-9A-Z]{5}'`,
  'a key outlives its reason': `
    select k.subscriber_id || ' ' || k.category from subscriber_key k
    join subscriber s using (subscriber_id)
    where s.state = 'closed' and k.wrapped is not null and (k.category = 'account' or (
      select bool_and(r.erased_at is not null) from retention r
      where r.subscriber_id = k.subscriber_id and r.category = k.category))`,
  // Who appeals is answered anew.
  'somebody was told the same twice': `
    select n.template || ' ' || n.case_id from notice n where n.template in ${saidOnce}
    group by n.subscriber_id, n.case_id, n.template, split_part(n.notice_id, '/', 2)
    having count(*) > 1 + (select count(*) from closure_event e where n.template = 'closure-rejected'
      and e.subscriber_id = n.subscriber_id and e.case_id = n.case_id and e.kind = 'appealed')`,
  'a profile was ordered twice': `
    select e.iccid || ' ' || e.action from profile_event e join profile p using (iccid)
    where e.action in ('downloadOrder', 'confirmOrder', 'releaseProfile')
    group by e.iccid, e.action, p.order_attempt having count(*) > p.order_attempt`,
  'a charge is not what was taken for it': `
    select t.transfer_id from ledger_transfer t
    where t.kind in ('usage', 'late-usage') and not exists (
      select from retention r where r.subscriber_id = t.subscriber_id
        and r.category = 'usage' and r.erased_at is not null) and (
      select coalesce(sum(u.charged_minor), 0) from usage_record u
      where u.subscriber_id = t.subscriber_id and u.transfer_id = t.transfer_id) <> (
      select coalesce(-sum(p.minor), 0) from ledger_posting p
      where p.subscriber_id = t.subscriber_id and p.transfer_id = t.transfer_id and p.minor < 0)
    union all
    select usage_id from usage_record where charged_minor > 0 and transfer_id is null`,
  'a paid order has no payment': `
    select order_id from payment_order where state = 'paid' and payment_id is null`,
}

const everyRule = Object.entries({ ...rules, ...trailRules })
  .map(([rule, sql]) => `select '${rule}'::text as rule, x.* from (${sql}) as x (what)`)
  .join('\nunion all\n')

/** `money` says that the ledger was written to, so that it is proved anew. */
export async function brokenRules(world: World, money: boolean): Promise<Broken[]> {
  const { eyes, db } = world
  const { rows } = await eyes.query<Broken>({
    name: 'every-rule',
    text: everyRule,
    values: [world.clock.now().toString()],
  })
  return [
    ...rows,
    ...(money ? await unsound(db) : []),
    ...doubled(world),
    ...(await stillServed(world)),
    ...(await servedOtherwise(world)),
  ]
}

const broken = (rule: string, what: string): Broken => ({ rule, what })

/** The most particular first: a transfer that does not balance makes its currency wrong as well. */
const ledgerRules: readonly [DifferenceKind, string][] = [
  ['transfer-not-zero', 'a transfer does not balance'],
  ['transfer-without-posting', 'a transfer moves nothing'],
  ['posting-without-transfer', 'a posting belongs to no transfer'],
  ['balance-differs', 'a balance is not the sum of its postings'],
  ['balance-overdrawn', 'a balance is overdrawn'],
  ['holds-differ', 'what is set aside is not the sum of its holds'],
  ['held-without-session', 'money is set aside for a session that has ended'],
  ['day-sum-differs', 'the sum of a day is not that of its postings'],
  ['currency-not-zero', 'the postings of a currency do not balance'],
]

async function unsound(db: Db): Promise<Broken[]> {
  const { differences } = await checkLedger(db)
  return ledgerRules.flatMap(([kind, rule]) =>
    differences
      .filter((one) => one.kind === kind)
      .map(({ subscriberId = '', transferId = '', account = '', currency }) =>
        broken(rule, [subscriberId, transferId, account, currency].filter(Boolean).join(' ')),
      ),
  )
}

/** Counted by the partner itself, whatever we believe to have done. */
function doubled({ partners, met, story }: World): Broken[] {
  const { payments } = partners.databases
  const sent = (table: 'refund' | 'payout') =>
    payments.all<{ reference: string }>(
      `select reference from ${table} where status <> 'failed' group by reference having count(*) > 1`,
    )
  // A message whose sending was not recorded leaves again; each fault explains one that does.
  const again = [...partners.inbox.values()].filter(({ count }) => count > 1)
  const repeats = again.reduce((sum, { count }) => sum + count - 1, 0)
  const faults = met.filter(({ place }) => place.startsWith('notices.send')).length
  const restarts = story.weather.filter(({ kind }) => kind === 'restart').length
  return [
    ...sent('refund').map(({ reference }) => broken('a refund was sent twice', reference)),
    ...sent('payout').map(({ reference }) => broken('a payout was made twice', reference)),
    ...(repeats > faults + restarts
      ? again.map(({ subject }) => broken('a message was sent again without a reason', subject))
      : []),
  ]
}

/** The register knows nobody whose line has closed; where it does, a job must be about to mend that. */
async function stillServed({ partners, eyes }: World): Promise<Broken[]> {
  const { rows } = await eyes.query<{ imsi: string }>(
    `select l.imsi from line l where l.state = 'closed' and not ${waiting('lines.activate', 'l.line_id')}`,
  )
  return rows
    .filter(({ imsi }) => partners.register.find(imsi))
    .map(({ imsi }) => broken('the network still serves a closed line', imsi))
}

/** Suspended here is suspended there, once nothing is about to say so. */
async function servedOtherwise({ partners, eyes }: World): Promise<Broken[]> {
  const { rows } = await eyes.query<{ imsi: string; state: string }>(
    `select l.imsi, l.state from line l where l.state in ('active', 'suspended')
       and l.access_due_at is null and not ${waiting('lines.access', 'l.line_id')}`,
  )
  return rows
    .filter(({ imsi, state }) => partners.register.find(imsi)?.state !== state)
    .map(({ imsi }) => broken('the network serves a line otherwise than we say', imsi))
}
