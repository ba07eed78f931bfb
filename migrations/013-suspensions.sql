-- A line is suspended for as long as anybody suspends it; each lifts only their own suspension.
alter table line add column suspensions text[] not null default '{}'
  check (suspensions <@ array['subscriber', 'operator', 'fraud']);
update line set suspensions = array[suspended_by] where suspended_by is not null;
update line set suspensions = array['operator']
  where suspensions = '{}' and (state = 'suspended' or state_before_closing = 'suspended');
update line set suspensions = '{}' where state = 'active';
alter table line
  drop column suspended_by,
  add check (state <> 'active' or suspensions = '{}'),
  add check (state <> 'suspended' or suspensions <> '{}');

-- The network has not been brought to what the line says: when to try again if no job does.
alter table line add column access_due_at timestamptz;
create index line_access_due on line (access_due_at) where access_due_at is not null;
