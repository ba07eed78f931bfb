-- What a reviewer asks whose closure it is. As long as a question is open the clock of the review stands, with what was left.
create table closure_question (
  subscriber_id text not null,
  question_id text not null,
  case_id text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  -- In the words of the reviewer and of who answered, sealed.
  question text not null,
  answer text,
  -- Of the time for the review, in the days that it is counted in.
  left_ms bigint not null check (left_ms >= 0),
  -- Answered, taken back, or over with the review.
  ended_at timestamptz,
  primary key (subscriber_id, question_id),
  foreign key (subscriber_id, case_id) references closure_case,
  check (answer is null or ended_at is not null)
);
-- One at a time.
create unique index closure_question_open on closure_question (subscriber_id, case_id) where ended_at is null;
create index closure_question_case on closure_question (subscriber_id, case_id, asked_at);
