-- A code that gives promotional credit: once to each subscriber, so many times in all, until a day.
create table coupon (
  code text primary key check (code = upper(code)),
  minor bigint not null check (minor > 0),
  currency char(3) not null,
  expires_at timestamptz not null,
  uses_max int not null check (uses_max > 0),
  used int not null default 0 check (used >= 0 and used <= uses_max),
  note text not null,
  created_at timestamptz not null
);
create table coupon_use (
  subscriber_id text not null,
  code text not null references coupon,
  line_id text not null,
  minor bigint not null,
  currency char(3) not null,
  used_at timestamptz not null,
  primary key (subscriber_id, code),
  foreign key (subscriber_id, line_id) references line
);
