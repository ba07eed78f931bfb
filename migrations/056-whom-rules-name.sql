-- Rules may differ for consumers, micro enterprises and businesses: which an account is, and which a case was submitted as.
alter table subscriber add column segment text not null default 'consumer'
  check (segment in ('consumer', 'micro', 'business'));
alter table closure_case add column policy_segment text not null default 'consumer'
  check (policy_segment in ('consumer', 'micro', 'business'));
