-- A policy may keep the contract, proof of identity and complaints for reasons of their own, so each has a key of its own.
alter table subscriber_key drop constraint subscriber_key_category_check,
  add constraint subscriber_key_category_check check (category in
    ('account', 'contacts', 'usage', 'invoices', 'certificate', 'contract', 'identity', 'complaints'));
