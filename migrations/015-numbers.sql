-- The inventory by country and type; a number is kept for an order until it is paid or its time is over.
alter table phone_number
  add column kind text not null default 'mobile' check (kind in ('mobile', 'fixed', 'toll-free', 'voip', 'other')),
  add column reserved_for text,
  add column reserved_until timestamptz,
  drop constraint phone_number_state_check,
  add constraint phone_number_state_check check (state in ('available', 'reserved', 'assigned', 'quarantined')),
  add check ((state = 'reserved') = (reserved_for is not null)),
  add check ((state = 'reserved') = (reserved_until is not null));
drop index phone_number_available;
create index phone_number_available on phone_number (country, kind, msisdn) where state = 'available';
create unique index phone_number_reserved_for on phone_number (reserved_for) where state = 'reserved';
create index phone_number_reserved_until on phone_number (reserved_until) where state = 'reserved';
create index phone_number_reserved_by on phone_number (subscriber_id) where state = 'reserved';
