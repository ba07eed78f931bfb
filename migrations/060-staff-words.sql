-- What a person types about a subscriber stands in columns of its own, sealed with the subscriber's key: the audit trail
-- keeps its sentences, and its words are read as long as complaints are kept.
alter table audit_entry add column note text;
alter table closure_case
  add column decision_note text,
  add column hold_note text;

-- The trail only grows. Only words that were written before this may be sealed, once; "violet migrate" does.
create function audit_refuse_change() returns trigger language plpgsql as $$
begin
  if old.note not like 'sealed:%' and (new.note like 'sealed:1t:%' or new.note = '')
    and to_jsonb(new) - 'note' = to_jsonb(old) - 'note' then
    return new;
  end if;
  raise exception 'audit entries are never changed or deleted' using errcode = 'integrity_constraint_violation';
end $$;
drop trigger audit_entry_immutable on audit_entry;

-- A sentence for those words, as these acts write it from now on.
update audit_entry set note = reason, reason = case action
    when 'closure.on_hold' then 'a member of staff holds it'
    when 'closure.withdrawn' then 'a member of staff takes it back'
    when 'closure.approved-taken-back' then 'the first approval is taken back'
    when 'port.failed' then 'the other operator could not take the number'
    when 'hold.placed' then 'a record is kept for a legal reason'
    when 'hold.released' then 'the legal reason is over'
    when 'line.suspended' then 'decided by a member of staff'
    when 'line.resumed' then 'decided by a member of staff'
    else 'reviewed' end
  where subscriber_id <> '' and (actor_kind = 'staff'
      and action in ('hold.placed', 'hold.released', 'line.suspended', 'line.resumed', 'closure.approved',
        'closure.approved-first', 'closure.approved-taken-back', 'closure.rejected', 'closure.on_hold',
        'closure.withdrawn', 'closure-intake.refused', 'closure-intake.waiting')
      and reason <> 'the operator called it off'
    or action = 'port.failed' and reason not in ('the other operator could not take the number', 'nothing more was heard in time'));
update closure_case set decision_note = decision ->> 'note', decision = decision - 'note' where decision is not null;
update closure_case set hold_note = attention ->> 'what', attention = attention || '{"what": "a member of staff holds it"}'
  where attention ->> 'step' = 'hold';
update closure_case set hold_note = attention -> 'before' ->> 'what',
    attention = jsonb_set(attention, '{before,what}', '"a member of staff holds it"')
  where attention -> 'before' ->> 'step' = 'hold';

create trigger audit_entry_immutable before delete or truncate on audit_entry
  for each statement execute function ledger_refuse_change();
create trigger audit_entry_unchanged before update on audit_entry
  for each row execute function audit_refuse_change();
