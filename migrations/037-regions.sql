-- The part of a country somebody lives in, as the second half of ISO 3166-2, where its rules differ: CA of US-CA.
alter table subscriber add column region text
  check (region is null or (country is not null and region ~ '^[A-Z0-9]{1,3}$'));
