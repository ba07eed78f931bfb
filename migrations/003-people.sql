-- Staff, when a subscriber last took their data along, second chances for notices, and what the console searches by.

create table staff_member (
  staff_id text primary key,
  email text not null unique,
  name text not null,
  role text not null check (role in ('reviewer', 'support', 'finance', 'admin', 'auditor')),
  locale text not null default 'en',
  active boolean not null default true,
  created_at timestamptz not null
);

alter table subscriber add column exported_at timestamptz;
create index subscriber_newest on subscriber (created_at desc, subscriber_id desc);
create index subscriber_name on subscriber (lower(name) text_pattern_ops);
create index contact_index_prefix on contact_index (value text_pattern_ops);

alter table notice
  add column rounds int not null default 0,
  add column due_at timestamptz;
create index notice_due on notice (due_at) where due_at is not null;
create index notice_newest on notice (subscriber_id, created_at, notice_id);
