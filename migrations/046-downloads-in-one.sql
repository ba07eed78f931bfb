-- A call of a download reads once and writes once; the version says whether what was read is still so.
alter table rsp_session add column version int not null default 1;

-- A package that was given out is no state of its session any more.
update rsp_session set session = jsonb_set(session, '{phase}', '"authenticated"') where session->>'phase' = 'bound';

-- Sessions of some 3 kB are mostly base64, which compressing costs more than it saves.
alter table rsp_session set (toast_tuple_target = 8160);

-- A download changes its rows a few times within seconds: room for that on the same page, so that no index changes.
alter table profile_stock set (fillfactor = 70);
alter table profile set (fillfactor = 70);
