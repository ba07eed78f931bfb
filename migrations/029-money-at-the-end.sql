-- Refunds that a card would not take, payments that a bank takes back, and contracts with a term.

alter table refund
  -- Until when its owner can say where else it should go; null while the card has not refused.
  add column payout_until timestamptz,
  add column payout_attempt int not null default 0,
  -- The account, sealed; gone once the money has left or nobody can claim it any more.
  add column payout_sealed text,
  add column payout_to text,
  add column payout_failure text;

create table payment_dispute (
  subscriber_id text not null references subscriber,
  dispute_id text not null,
  order_id text not null,
  line_id text,
  minor bigint not null check (minor > 0),
  currency char(3) not null,
  state text not null default 'open' check (state in ('open', 'won', 'lost')),
  opened_at timestamptz not null,
  ended_at timestamptz,
  version int not null default 0,
  primary key (subscriber_id, dispute_id),
  foreign key (subscriber_id, order_id) references payment_order,
  check ((state = 'open') = (ended_at is null))
);
create index payment_dispute_order on payment_dispute (subscriber_id, order_id);
