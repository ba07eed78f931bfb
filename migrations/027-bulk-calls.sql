-- How many calls to partners a cohort has under way at once.
alter table closure_bulk add column calls int not null default 16 check (calls between 1 and 256);
