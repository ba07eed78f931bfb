-- Sign-in, as better-auth compiles its schema for our two instances, with our names: one for subscribers, one for
-- staff. A row of sign_in_user is one e-mail address; several addresses may lead to one subscriber.

create table sign_in_user (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null,
  image text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null,
  subscriber_id text
);
create index sign_in_user_subscriber on sign_in_user (subscriber_id);
create table sign_in_session (
  id uuid default gen_random_uuid() not null primary key,
  expires_at timestamptz not null,
  token text not null unique,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null,
  ip_address text,
  user_agent text,
  user_id uuid not null references sign_in_user (id) on delete cascade
);
create index sign_in_session_user on sign_in_session (user_id);
create index sign_in_session_expiry on sign_in_session (expires_at);
create table sign_in_account (
  id uuid default gen_random_uuid() not null primary key,
  account_id text not null,
  provider_id text not null,
  user_id uuid not null references sign_in_user (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null
);
create index sign_in_account_user on sign_in_account (user_id);
create table sign_in_verification (
  id uuid default gen_random_uuid() not null primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null
);
create index sign_in_verification_identifier on sign_in_verification (identifier);
create index sign_in_verification_expiry on sign_in_verification (expires_at);
create table sign_in_rate_limit (
  id uuid default gen_random_uuid() not null primary key,
  key text not null unique,
  count integer not null,
  last_request bigint not null
);

create table staff_sign_in_user (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null,
  image text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null
);
create table staff_sign_in_session (
  id uuid default gen_random_uuid() not null primary key,
  expires_at timestamptz not null,
  token text not null unique,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null,
  ip_address text,
  user_agent text,
  user_id uuid not null references staff_sign_in_user (id) on delete cascade
);
create index staff_sign_in_session_user on staff_sign_in_session (user_id);
create index staff_sign_in_session_expiry on staff_sign_in_session (expires_at);
create table staff_sign_in_account (
  id uuid default gen_random_uuid() not null primary key,
  account_id text not null,
  provider_id text not null,
  user_id uuid not null references staff_sign_in_user (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null
);
create index staff_sign_in_account_user on staff_sign_in_account (user_id);
create table staff_sign_in_verification (
  id uuid default gen_random_uuid() not null primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null
);
create index staff_sign_in_verification_identifier on staff_sign_in_verification (identifier);
create index staff_sign_in_verification_expiry on staff_sign_in_verification (expires_at);
create table staff_sign_in_rate_limit (
  id uuid default gen_random_uuid() not null primary key,
  key text not null unique,
  count integer not null,
  last_request bigint not null
);

-- How often a sign-in code was asked for an address, and what became of the last one. The address is kept as a keyed hash.
create table sign_in_ask (
  realm text not null check (realm in ('subscribers', 'staff')),
  address_hash text not null,
  window_start timestamptz not null,
  asked int not null,
  used_at timestamptz,
  primary key (realm, address_hash)
);
create index sign_in_ask_window on sign_in_ask (window_start);
