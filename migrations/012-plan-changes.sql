-- What a line's plan is set to, what follows at the end of its period, and every term it has had.

create table line_renewal (
  subscriber_id text not null,
  line_id text not null,
  -- Steps of the dials; null where the plan has none.
  steps jsonb,
  -- The money in `plan-prepaid` stands for this many whole days from this moment; null: for the whole period.
  prepaid_from timestamptz,
  prepaid_days int check (prepaid_days > 0),
  -- What the next period begins with, where its owner has chosen something else.
  next_version int,
  next_steps jsonb,
  reminded_for timestamptz,
  -- The period is over and there was not enough credit: the next begins as soon as there is.
  waiting_since timestamptz,
  -- Raised by every change; part of each quote's hash and of each posting's key.
  changes int not null default 0,
  primary key (subscriber_id, line_id),
  foreign key (subscriber_id, line_id) references line,
  check ((prepaid_from is null) = (prepaid_days is null)),
  check (next_version is not null or next_steps is null)
);

-- One row for each time that something was granted or taken: what was shown, what was paid, what the purse got.
create table line_term (
  subscriber_id text not null,
  line_id text not null,
  term int not null check (term > 0),
  cause text not null check (cause in ('bought', 'changed', 'renewed')),
  plan_id text not null,
  plan_version int not null,
  steps jsonb,
  period_start timestamptz,
  period_end timestamptz,
  -- What left the line's credit, or the card for what was bought; negative where it came back.
  paid_minor bigint not null,
  currency char(3) not null,
  data_bytes bigint not null,
  voice_seconds bigint not null,
  sms_messages bigint not null,
  quote_hash text,
  began_at timestamptz not null,
  primary key (subscriber_id, line_id, term),
  foreign key (subscriber_id, line_id) references line,
  foreign key (plan_id, plan_version) references plan_version
);
-- A period is begun once, whatever asks for it.
create unique index line_term_period on line_term (subscriber_id, line_id, period_start) where cause = 'renewed';

insert into line_renewal (subscriber_id, line_id, steps)
select l.subscriber_id, l.line_id, case when jsonb_array_length(v.document -> 'dials') > 0 then coalesce(
  (select o.adjustment from payment_order o
    where o.subscriber_id = l.subscriber_id and o.line_id = l.line_id and o.kind = 'plan' and o.state = 'paid'
    order by o.order_id limit 1),
  (select '{"data":0,"voice":0,"sms":0}'::jsonb || jsonb_object_agg(d ->> 'kind', d -> 'included')
    from jsonb_array_elements(v.document -> 'dials') d)) end
from line l join plan_version v on v.plan_id = l.plan_id and v.version = l.plan_version;
