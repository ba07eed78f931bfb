-- Who acts for a subscriber: a guardian until they are of age, a representative of the estate after a death.

create table representative (
  subscriber_id text not null references subscriber,
  representative_id text not null,
  kind text not null check (kind in ('guardian', 'estate')),
  name text not null,
  email text not null,
  -- When the person acted for was born; empty for an estate.
  born_on text not null,
  evidence text not null,
  locale text not null,
  added_at timestamptz not null,
  added_by text not null,
  ended_at timestamptz,
  primary key (subscriber_id, representative_id)
);
create unique index representative_current on representative (subscriber_id) where ended_at is null;

-- Their codes go to no contact of the subscriber's.
alter table one_time_code alter column contact_id drop not null,
  drop constraint one_time_code_purpose_check,
  add constraint one_time_code_purpose_check
    check (purpose in ('verify-contact', 'confirm-closure', 'port-number', 'authorise-closure'));

alter table closure_event drop constraint closure_event_actor_kind_check,
  add constraint closure_event_actor_kind_check
    check (actor_kind in ('subscriber', 'staff', 'system', 'representative'));
alter table audit_entry drop constraint audit_entry_actor_kind_check,
  add constraint audit_entry_actor_kind_check
    check (actor_kind in ('subscriber', 'staff', 'system', 'representative'));
