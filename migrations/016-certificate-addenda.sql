-- What became known after a certificate was signed: the phone confirmed that the profile is gone.
create table closure_addendum (
  subscriber_id text not null,
  case_id text not null,
  iccid text not null,
  document jsonb not null,
  jws text not null,
  signed_at timestamptz not null,
  primary key (subscriber_id, case_id, iccid),
  foreign key (subscriber_id, case_id) references closure_certificate
);
