-- Profiles that exist before any line: what an SM-DP+ knows of each ICCID. Nobody's data is in it, so it hangs on no subscriber.
create table profile_stock (
  iccid text primary key,
  imsi text not null unique,
  profile_type text not null,
  -- Who may order it over ES2+ (function requester identifier).
  owner text not null,
  state text not null check (state in
    ('available', 'allocated', 'linked', 'confirmed', 'released', 'downloaded', 'installed', 'error', 'unavailable')),
  -- Given to a line or to an order. The index below has no state in it, so that a download changes no index.
  taken boolean not null default false,
  eid text,
  matching_id text unique,
  confirmation_hash text,
  confirmation_failures int not null default 0 check (confirmation_failures >= 0),
  download_attempts int not null default 0 check (download_attempts >= 0),
  -- Keys of the subscription and of its download, each sealed, and what the seals are bound to.
  seal_about text not null,
  subscription text,
  binding text,
  -- The last order that changed it and its answer, so that the same call asked again changes nothing.
  last_call text,
  last_answer jsonb,
  version int not null default 0,
  check (taken or state = 'available')
);
create index profile_stock_free on profile_stock (owner, profile_type, iccid) where not taken;
create index profile_stock_last_call on profile_stock (owner, last_call) where last_call is not null;

insert into profile_stock (iccid, imsi, profile_type, owner, state, taken, eid, matching_id, download_attempts, seal_about,
  subscription, binding)
select p.iccid, p.imsi, 'violet-test-usim', '2.999.20', p.state, true, p.eid, p.matching_id,
  coalesce(s.download_attempts, 0), p.subscriber_id || ' ' || p.iccid, s.subscription, s.binding
from profile p left join profile_secret s on s.subscriber_id = p.subscriber_id and s.iccid = p.iccid;
drop table profile_secret;

-- Which line a profile was given to.
alter table profile_index add column line_id text;
update profile_index i set line_id = p.line_id from profile p where p.subscriber_id = i.subscriber_id and p.iccid = i.iccid;
alter table profile_index
  alter column line_id set not null,
  drop constraint profile_index_pkey,
  drop constraint profile_index_iccid_key,
  drop column matching_id,
  add primary key (iccid);

-- What became of a profile: who asked, and for what. Profiles of lines are in the audit trail of their subscribers too.
create table profile_event (
  iccid text not null,
  version int not null,
  at timestamptz not null,
  actor text not null,
  action text not null,
  state text not null,
  primary key (iccid, version)
);
