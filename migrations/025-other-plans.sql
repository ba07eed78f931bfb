-- The next period may begin with another plan; the network is told of the places of it.
alter table line_renewal add column next_plan_id text;
alter table line add column access_anew boolean not null default false;
