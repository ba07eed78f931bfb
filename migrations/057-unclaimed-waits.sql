-- A payment that went back belongs to no order any more: which of its disputes the bank has not decided stands with what is owed of it.
alter table unclaimed_money add column open_disputes text[] not null default '{}';
