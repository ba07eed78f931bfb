-- What becomes of a line's paid credit in a bulk closure, where the file or whoever proposed it says so; null: as its country's policy sets it.
alter table closure_bulk_line add column money text check (money in ('refund', 'keep', 'spend'));
