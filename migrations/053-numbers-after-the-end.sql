-- An account that has ended knows its numbers no more, and may still take them along: they are found by whose they were.
create index phone_number_last on phone_number (last_subscriber_id, last_line_id)
  where last_subscriber_id is not null;
