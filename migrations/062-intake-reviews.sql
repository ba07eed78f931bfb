-- A request without signing in that a person judges has a day of its own for that; one that is late is told of once.
alter table closure_intake
  add column review_by timestamptz,
  add column late_at timestamptz;
drop index closure_intake_queue;
create index closure_intake_queue on closure_intake (state, coalesce(review_by, due_at), case_id);
