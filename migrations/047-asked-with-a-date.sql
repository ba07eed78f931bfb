-- Cases that wait for an answer have a day by which it is expected. Those that wait already are looked at now: they are
-- asked once more, with a day.
update closure_case set wake_at = now() where state = 'needs_customer' and due_at is null and wake_at is null;
