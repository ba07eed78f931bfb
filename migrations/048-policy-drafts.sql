-- The next version of a country's policy while it is written: one draft a country, text as it was typed.
create table policy_draft (
  country text primary key,
  text text not null,
  -- The published version that it was last compared with; 0: the country had none.
  based_on int not null,
  edited_by text not null,
  edited_at timestamptz not null,
  version int not null default 1
);
