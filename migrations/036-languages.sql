-- A document's language is one of the application's; the list of them is the application's own.
alter table closure_certificate
  drop constraint closure_certificate_locale_check,
  add constraint closure_certificate_locale_check check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$');
alter table retention_receipt
  drop constraint retention_receipt_locale_check,
  add constraint retention_receipt_locale_check check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$');
