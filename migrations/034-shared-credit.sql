-- What other lines put into a line's credit is found without reading all that its owner ever moved.
create index ledger_transfer_moved on ledger_transfer (subscriber_id) where kind = 'credit-move';
