-- Cards that a subscriber saved at the provider: for renewals that the credit falls short of, never for refunds.

create table payment_method (
  subscriber_id text not null references subscriber,
  method_id text not null,
  -- asked: the provider's page is open; its end is asked for until it is known.
  state text not null check (state in ('asked', 'saved', 'failed', 'removed')),
  setup_url text,
  -- The provider's name of the card; gone once the provider has forgotten it.
  provider_method_id text,
  instrument jsonb,
  is_default boolean not null default false,
  asked_at timestamptz not null,
  saved_at timestamptz,
  removed_at timestamptz,
  due_at timestamptz,
  primary key (subscriber_id, method_id),
  check (state <> 'saved' or (provider_method_id is not null and instrument is not null and saved_at is not null)),
  check (state = 'saved' or not is_default)
);
create unique index payment_method_default on payment_method (subscriber_id) where is_default;
create index payment_method_due on payment_method (due_at) where due_at is not null;

-- A line whose renewal may be paid from a saved card, once for each period, for what its credit lacks.
create table payment_mandate (
  subscriber_id text not null,
  line_id text not null,
  method_id text not null,
  given_at timestamptz not null,
  charged_for timestamptz,
  primary key (subscriber_id, line_id),
  foreign key (subscriber_id, line_id) references line,
  foreign key (subscriber_id, method_id) references payment_method on delete cascade
);
create index payment_mandate_method on payment_mandate (subscriber_id, method_id);

alter table payment_order add column method_id text;
