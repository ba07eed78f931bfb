-- What a period was bought at: percent off because its owner has several lines; pinned until it is over.
alter table line_renewal add column percent_off int not null default 0 check (percent_off between 0 and 90);
alter table payment_order add column percent_off int not null default 0 check (percent_off between 0 and 90);
