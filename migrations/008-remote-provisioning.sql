-- Remote provisioning by SGP.22.

-- A session begins before anybody knows whose profile it is for, so it hangs on no subscriber.
create table rsp_session (
  transaction_id text primary key,
  session jsonb not null,
  started_at timestamptz not null
);
create index rsp_session_started on rsp_session (started_at);

-- What a profile holds that nobody may read: the subscription's keys and those of its download, each sealed.
create table profile_secret (
  subscriber_id text not null,
  iccid text not null,
  subscription text not null,
  binding text,
  download_attempts int not null default 0 check (download_attempts >= 0),
  primary key (subscriber_id, iccid),
  foreign key (subscriber_id, iccid) references profile
);
