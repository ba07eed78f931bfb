-- What a phone was answered is read only when it asks the same again: beside its session, not in it.
alter table rsp_session add column answered text;
alter table rsp_session alter column answered set storage external;
-- Who asks again across this upgrade begins anew.
update rsp_session set session = session - 'answered' where session ? 'answered';
