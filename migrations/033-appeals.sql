-- A closure that was rejected can be appealed against, once; what its owner says to it is sealed.
alter table closure_case add column appealed_at timestamptz, add column appeal_text text;
