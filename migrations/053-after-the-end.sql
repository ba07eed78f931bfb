-- An account that has ended knows its numbers no more, and may still take them along: they are found by whose they were.
create index phone_number_last on phone_number (last_subscriber_id, last_line_id)
  where last_subscriber_id is not null;

-- What was unclaimed may be taken back by the bank of whom it was owed to: then it is owed no more, all of it or a part.
alter table unclaimed_money
  add column taken_minor bigint not null default 0,
  drop constraint unclaimed_money_state_check,
  add constraint unclaimed_money_state_check check (state in ('held', 'paid', 'handed-over', 'taken-back')),
  add check (taken_minor between 0 and minor),
  add check ((state = 'taken-back') = (taken_minor = minor));
