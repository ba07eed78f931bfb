-- Which messages a subscriber wants, where it is up to them and not as usual; nothing here: as usual.

create table notice_choice (
  subscriber_id text not null references subscriber,
  topic text not null check (topic in ('usage', 'renewal', 'help', 'news')),
  channel text not null check (channel in ('email', 'sms')),
  wanted boolean not null,
  chosen_at timestamptz not null,
  primary key (subscriber_id, topic, channel)
);
