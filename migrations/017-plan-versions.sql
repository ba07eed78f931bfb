-- A plan version is never changed under those who have it: it ends, and another begins.
create function plan_version_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or row(new.plan_id, new.version, new.document, new.valid_from)
    is distinct from row(old.plan_id, old.version, old.document, old.valid_from) then
    raise exception 'a plan version is never changed, only followed by another'
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger plan_version_stays before update or delete on plan_version
  for each row execute function plan_version_stays();
create trigger plan_version_kept before truncate on plan_version
  for each statement execute function plan_version_stays();

-- Everybody with an older version has been told of this one; versions of today have nobody to tell.
alter table plan_version add column told_at timestamptz;
update plan_version set told_at = valid_from;
create index plan_version_untold on plan_version (plan_id) where told_at is null;

-- The newest version that a line's owner was told of.
alter table line_renewal add column told_version int not null default 0;
create index line_plan on line (plan_id, plan_version) where state not in ('closing', 'closed');
