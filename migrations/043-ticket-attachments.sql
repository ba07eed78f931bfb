-- Pictures and papers that go with what somebody writes for help.

create table ticket_attachment (
  subscriber_id text not null,
  attachment_id text not null,
  ticket_id text not null,
  message_id text not null,
  name text not null,
  type text not null check (type in ('image/png', 'image/jpeg', 'image/webp', 'application/pdf')),
  bytes int not null check (bytes > 0),
  content bytea not null,
  added_at timestamptz not null,
  primary key (subscriber_id, attachment_id),
  foreign key (subscriber_id, ticket_id, message_id) references ticket_message
);
create index ticket_attachment_message on ticket_attachment (subscriber_id, ticket_id, message_id);
