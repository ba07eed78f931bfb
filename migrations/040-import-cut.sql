-- How a file of usage was cut when it was begun: its batches are numbered by it, so a run that goes on after a crash, be it
-- by a newer release, cuts in the same places. What was begun before this column was cut as it was then.
alter table usage_import
  add column window_bytes bigint not null default 33554432 check (window_bytes > 0),
  add column batch_records int not null default 5000 check (batch_records > 0);
