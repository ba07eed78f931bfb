-- A certificate is signed when its case closes, and typeset when somebody first asks for it in print.
alter table closure_certificate
  alter column pdf drop not null,
  add column locale text not null default 'en' check (locale in ('en', 'zh-CN'));
