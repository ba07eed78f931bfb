-- A review that is held is late on its day as any other: those that are held already are woken then, too.
update closure_case set wake_at = due_at
where state = 'on_hold' and attention ->> 'resume' = 'in_review' and wake_at is null;
