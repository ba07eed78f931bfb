-- Personal fields are sealed: a key for each subscriber and reason to keep, wrapped by the master key.

create table subscriber_key (
  subscriber_id text not null,
  category text not null check (category in ('account', 'contacts', 'usage', 'invoices', 'certificate')),
  wrapped text,
  master_id text,
  made_at timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (subscriber_id, category),
  check ((wrapped is null) = (destroyed_at is not null)),
  check ((wrapped is null) = (master_id is null))
);
create index subscriber_key_master on subscriber_key (master_id) where wrapped is not null;

-- A destroyed key never comes back.
create function subscriber_key_stays_destroyed() returns trigger language plpgsql as $$
begin
  if old.destroyed_at is not null then
    raise exception 'a destroyed key never comes back' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger subscriber_key_stays_destroyed before update or delete on subscriber_key
  for each row execute function subscriber_key_stays_destroyed();

-- The platform's own keys, wrapped the same way: the blind index is made with one.
create table platform_key (
  name text primary key,
  wrapped text not null,
  master_id text not null
);

-- What was done once, by code and not by SQL, when a database came to a newer version.
create table upgrade_done (
  name text primary key,
  done_at timestamptz not null default now()
);

-- What a name is looked up by: each of its words as a keyed hash.
create table subscriber_word (
  subscriber_id text not null references subscriber,
  word text not null,
  primary key (subscriber_id, word)
);
create index subscriber_word_look_up on subscriber_word (word);
drop index subscriber_name;
drop index contact_index_prefix;
