-- Passkeys: keys of a subscriber's own devices to sign in with, found by the credential they come with.

create table passkey (
  subscriber_id text not null references subscriber,
  passkey_id text not null,
  -- As the authenticator made them (WebAuthn §6.5): its id of the key, and the public key in COSE.
  credential_id text not null,
  public_key bytea not null,
  counter bigint not null check (counter >= 0),
  transports text[] not null,
  backed_up boolean not null,
  name text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (subscriber_id, passkey_id)
);
create table passkey_index (
  credential_id text primary key,
  subscriber_id text not null references subscriber,
  passkey_id text not null
);
create index passkey_index_subscriber on passkey_index (subscriber_id);

-- Challenges are signed and not kept; those that were answered are, until they would have run out.
create table passkey_challenge_used (
  challenge_hash text primary key,
  expires_at timestamptz not null
);
create index passkey_challenge_used_expiry on passkey_challenge_used (expires_at);

alter table one_time_code
  drop constraint one_time_code_purpose_check,
  add constraint one_time_code_purpose_check check (purpose in
    ('verify-contact', 'confirm-closure', 'port-number', 'authorise-closure', 'add-passkey'));
