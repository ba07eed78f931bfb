-- Money that its owner could not be given: each amount, under whose rule it stands, and what became of it in the end.
create table unclaimed_money (
  subscriber_id text not null references subscriber,
  unclaimed_id text not null,
  -- The transfer that booked it, so that it stands here once.
  transfer_key text not null,
  why text not null check (why in ('refund-refused', 'return-refused', 'refund-prohibited')),
  -- A closure's reference, or the order that was paid.
  reference text not null,
  minor bigint not null check (minor > 0),
  currency char(3) not null,
  since timestamptz not null,
  -- Who gets it by the rule of its day, and from when; no one: it stays owed without end.
  goes_to text check (goes_to in ('operator', 'state', 'fund')),
  due_at timestamptz,
  state text not null default 'held' check (state in ('held', 'paid', 'handed-over')),
  ended_at timestamptz,
  ended_by text,
  proof text,
  primary key (subscriber_id, unclaimed_id),
  unique (subscriber_id, transfer_key),
  check ((state = 'held') = (ended_at is null)),
  check (due_at is null or goes_to is not null),
  check (state <> 'handed-over' or goes_to is not null)
);
create unique index unclaimed_money_id on unclaimed_money (unclaimed_id);
create index unclaimed_money_list on unclaimed_money (state, since desc, unclaimed_id desc);

-- What stood in the books before this is owed as it was: no rule of its day is on record.
insert into unclaimed_money (subscriber_id, unclaimed_id, transfer_key, why, reference, minor, currency, since)
select t.subscriber_id, 'unclaimed_' || t.transfer_id || '_' || p.currency, t.key,
  case when t.kind <> 'refund-failed' then 'refund-prohibited' when t.key like 'return:%' then 'return-refused' else 'refund-refused' end,
  coalesce(t.detail ->> 'reference', t.detail ->> 'orderId', ''), p.minor, p.currency, t.posted_at
from (
  select subscriber_id, transfer_id, currency, sum(minor)::int8 as minor from ledger_posting
  where account = 'unclaimed' group by 1, 2, 3 having sum(minor) > 0) p
join ledger_transfer t using (subscriber_id, transfer_id);
