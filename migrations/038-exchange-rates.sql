-- What the operator changes small balances for at the end of an account. The newest row of a pair counts, until its validity is over.
create table exchange_rate (
  from_currency char(3) not null,
  into_currency char(3) not null,
  as_of timestamptz not null,
  valid_until timestamptz not null,
  -- How much of the one currency a whole unit of the other is, as it was quoted.
  rate text not null check (rate ~ '^[0-9]{1,9}(\.[0-9]{1,8})?$' and rate::numeric > 0),
  -- The largest balance that counts as small, in minor units of the first currency.
  at_most_minor bigint not null check (at_most_minor > 0),
  source text not null check (source <> ''),
  added_at timestamptz not null,
  primary key (from_currency, into_currency, as_of),
  check (from_currency <> into_currency),
  check (valid_until > as_of)
);
